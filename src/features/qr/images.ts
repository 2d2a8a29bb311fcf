import { AppError, invalid } from "../../lib/errors.ts";
import type { Id } from "../../lib/ids.ts";
import { hashOf } from "../../lib/secrets.ts";
import { type Context, workspaceOf } from "../../platform/context.ts";
import { destinationOf } from "../domains/destination.ts";
import { findDomain } from "../domains/find.ts";
import { findLink, type LinkName } from "../links/find.ts";
import { shortUrl } from "../links/short-url.ts";
import type { Picture } from "./drawing.ts";
import type { LogoRow } from "./model.ts";
import { styleOf } from "./model.ts";
import { isDataUrl, LOOK, renderSvg } from "./render.ts";
import type { Paper } from "./sheet.ts";
import { selectDefaultTemplate, selectLogo, selectLogos } from "./store.ts";
import { checkStyle, type Format, plainStyle, restyled, type Style, type StylePatch } from "./style.ts";
import { renderImageTask, renderSheetTask } from "./tasks.ts";
import { findTemplate } from "./templates.ts";

/** A file that is made when it is asked for: whoever has its `etag` already need not ask. */
export interface File {
  readonly type: string;
  /** ASCII, harmless in a header. */
  readonly name: string;
  readonly etag: string;
  make(): Promise<string | Uint8Array<ArrayBuffer>>;
}

export type Look = StylePatch & { readonly template?: string | undefined };

/** A QR code for a link of the workspace. It leads to `…?qr=1`, by which scans are told from clicks. */
export async function imageOfLink(ctx: Context, name: LinkName, look: Look, format: Format): Promise<File> {
  const { row, host } = await findLink(ctx.db.read, ctx, name);
  return image(ctx, {
    text: scanned(shortUrl(ctx, host, row.slug)),
    domainId: row.domainId,
    look,
    format,
    name: row.slug,
    path: "/link",
  });
}

/** A QR code for any web address. Those on our own domains are counted as scans too. */
export async function imageOfUrl(ctx: Context, url: string, look: Look, format: Format): Promise<File> {
  const { href } = destinationOf("/url", url);
  const domainId = await domainOf(ctx, href);
  const text = domainId === null ? href : scanned(href);
  return image(ctx, { text, domainId, look, format, name: new URL(href).hostname, path: "/url" });
}

interface Wanted {
  readonly text: string;
  readonly domainId: Id<"dom"> | null;
  readonly look: Look;
  readonly format: Format;
  readonly name: string;
  /** Whose fault a text is that is too long. */
  readonly path: string;
}

async function image(ctx: Context, { text, domainId, look, format, name, path }: Wanted): Promise<File> {
  const style = await styleFor(ctx, look);
  const row = await logoFor(ctx, style, domainId);
  const logo = row && pictureOf(row);
  const key = JSON.stringify([LOOK, text, style, format, row?.hash ?? null]);
  return {
    type: types[format],
    name: `${plainFileName(name)}.${format}`,
    etag: `"${hashOf(key).slice(0, 32)}"`,
    make: async () =>
      format === "svg" && !isDataUrl(style.logo)
        ? renderSvg({ text, style, logo, path })
        : ctx.compute(renderImageTask, { text, style, format, logo, path }, workspaceOf(ctx)),
  };
}

export interface SheetLook extends Look {
  readonly paper?: Paper | undefined;
  readonly columns?: number | undefined;
  readonly rows?: number | undefined;
  readonly caption?: "url" | "title" | "none" | undefined;
}

/** Codes of many links on pages to print. */
export async function sheetOfLinks(
  ctx: Context,
  ids: readonly string[],
  { paper = "a4", columns = 3, rows = 4, caption = "url", ...look }: SheetLook,
): Promise<File> {
  const style = await styleFor(ctx, look);
  const found = await Promise.all(ids.map((link) => findLink(ctx.db.read, ctx, { link })));
  const rowsOfLogos =
    style.logo === "none" ? [] : await selectLogos(ctx, [...new Set(found.map(({ row }) => row.domainId))]);
  const logoOf = (domainId: string): number | null => {
    if (style.logo === "none") return null;
    const own = rowsOfLogos.findIndex((row) => row.domainId === domainId);
    const at =
      style.logo === "domain" && own >= 0 ? own : rowsOfLogos.findIndex((row) => row.domainId === null);
    if (at < 0) throw noLogo();
    return at;
  };
  const codes = found.map(({ row, host }) => {
    const url = shortUrl(ctx, host, row.slug);
    const captions = { url: url.replace(/^https?:\/\//, ""), title: row.title ?? "", none: "" };
    return { text: scanned(url), caption: captions[caption], logo: logoOf(row.domainId) };
  });
  const layout = { codes, style, paper, columns, rows };
  const key = JSON.stringify([LOOK, layout, rowsOfLogos.map(({ hash }) => hash)]);
  return {
    type: types.pdf,
    name: "qr-codes.pdf",
    etag: `"${hashOf(key).slice(0, 32)}"`,
    make: () =>
      ctx.compute(renderSheetTask, { ...layout, logos: rowsOfLogos.map(pictureOf) }, workspaceOf(ctx)),
  };
}

/** The template's look, or the workspace's default one, with what was asked for on top; it has been checked. */
async function styleFor(ctx: Context, { template, ...over }: Look): Promise<Style> {
  const row =
    template === undefined
      ? await selectDefaultTemplate(ctx.db.read, ctx)
      : template === "none"
        ? undefined
        : await findTemplate(ctx.db.read, ctx, template).catch(noTemplate);
  const style = restyled(row ? styleOf(row) : plainStyle, over);
  checkStyle(style);
  return style;
}

function noTemplate(error: unknown): never {
  if (error instanceof AppError) throw invalid("/template", "template is not one of this workspace");
  throw error;
}

async function logoFor(ctx: Context, { logo }: Style, domainId: Id<"dom"> | null): Promise<LogoRow | null> {
  if (logo === "none" || isDataUrl(logo)) return null;
  if (logo !== "domain" && logo !== "workspace")
    throw invalid(
      "/logo",
      "logo must be none, domain, workspace, or a data URL: nothing is fetched from elsewhere",
    );
  const { read } = ctx.db;
  const own = logo === "domain" && domainId !== null ? await selectLogo(read, ctx, domainId) : undefined;
  const row = own ?? (await selectLogo(read, ctx, null));
  if (!row) throw noLogo();
  return row;
}

const noLogo = () => invalid("/logo", "logo names one that is not there: PUT /qr/logo keeps one");

const pictureOf = ({ png, width, height }: LogoRow): Picture => ({
  png: new Uint8Array(Buffer.from(png, "base64")),
  width,
  height,
});

/** The domain of the workspace that an address lies on; null for anybody else's. */
async function domainOf(ctx: Context, href: string): Promise<Id<"dom"> | null> {
  try {
    return (await findDomain(ctx.db.read, ctx, new URL(href).hostname)).id;
  } catch (error) {
    if (error instanceof AppError && error.code === "NOT_FOUND") return null;
    throw error;
  }
}

/** The address by which the redirect knows a scan: `src/redirect/scan.ts`. */
export function scanned(url: string): string {
  const at = url.indexOf("#");
  const [address, rest] = at < 0 ? [url, ""] : [url.slice(0, at), url.slice(at)];
  const query = address.split("?")[1] ?? "";
  if (query.split("&").includes("qr=1")) return url;
  return `${address}${address.includes("?") ? (query === "" ? "" : "&") : "?"}qr=1${rest}`;
}

const plainFileName = (name: string): string => name.replace(/[^A-Za-z0-9._-]+/g, "-").slice(0, 60) || "qr";

const types: Readonly<Record<Format, string>> = {
  svg: "image/svg+xml; charset=utf-8",
  png: "image/png",
  webp: "image/webp",
  jpeg: "image/jpeg",
  pdf: "application/pdf",
};
