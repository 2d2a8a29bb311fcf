import { notFound } from "../../lib/errors.ts";
import { newId } from "../../lib/ids.ts";
import { hashOf } from "../../lib/secrets.ts";
import { type Context, workspaceOf } from "../../platform/context.ts";
import { change, Unchanged, withPrevious } from "../../platform/events.ts";
import { findDomain } from "../domains/find.ts";
import { logoCreated, logoDeleted, logoUpdated } from "./events.ts";
import { type Logo, type LogoRow, toLogo, toLogoCore } from "./model.ts";
import { deleteLogoRow, insertLogo, type Reader, selectLogo, updateLogo } from "./store.ts";
import { renderPictureTask } from "./tasks.ts";

/** Whose logo it is: a domain's, by host or id, or the workspace's. */
export interface LogoPlace {
  readonly domain?: string | undefined;
}

export const readLogo = async (ctx: Context, place: LogoPlace): Promise<Logo> =>
  toLogo(await findLogo(ctx.db.read, ctx, place));

/**
 * Keeps a picture, made small, in place of the one that was there.
 * @param image a data URL
 */
export async function putLogo(ctx: Context, place: LogoPlace, image: string): Promise<Logo> {
  const { png, width, height } = await ctx.compute(
    renderPictureTask,
    { url: image, path: "/image" },
    workspaceOf(ctx),
  );
  const text = Buffer.from(png).toString("base64");
  return change(ctx, async (tx) => {
    const domainId = await domainIdOf(tx, ctx, place);
    const before = await selectLogo(tx, ctx, domainId);
    const picture = { png: text, hash: hashOf(text), width, height };
    if (before?.png === text) throw new Unchanged(toLogo(before));
    if (before) {
      const row: LogoRow = { ...before, ...picture, updatedAt: tx.now };
      await updateLogo(tx, ctx, row);
      tx.record(logoUpdated, row.id, withPrevious(toLogoCore(before), toLogoCore(row)));
      return toLogo(row);
    }
    const made = { id: newId("logo", tx.now), createdAt: tx.now, updatedAt: tx.now };
    const row: LogoRow = { ...made, workspaceId: workspaceOf(ctx), domainId, ...picture };
    await insertLogo(tx, ctx, row);
    tx.record(logoCreated, row.id, toLogoCore(row));
    return toLogo(row);
  });
}

export const deleteLogo = (ctx: Context, place: LogoPlace): Promise<Logo> =>
  change(ctx, async (tx) => {
    const row = await findLogo(tx, ctx, place);
    await deleteLogoRow(tx, ctx, row.id);
    tx.record(logoDeleted, row.id, toLogoCore(row));
    return toLogo(row);
  });

async function findLogo(read: Reader, ctx: Context, place: LogoPlace): Promise<LogoRow> {
  const row = await selectLogo(read, ctx, await domainIdOf(read, ctx, place));
  if (!row) throw notFound("logo");
  return row;
}

const domainIdOf = async (read: Reader, ctx: Context, { domain }: LogoPlace) =>
  domain === undefined ? null : (await findDomain(read, ctx, domain)).id;
