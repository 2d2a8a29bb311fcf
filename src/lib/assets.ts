import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";

/**
 * A file of the built web folder (`admin/index.html`, `docs/scalar.js`) in the smallest form the client takes;
 * null when there is none of that name. Files with hashed names may be kept for ever, others are asked for each
 * time. HTML comes with a policy that lets it load its own files and call its own server, and nothing else.
 */
export function serveAsset(request: Request, name: string): Response | null {
  const index = indexOf(WEB);
  if (index === null) return notBuilt();
  const forms = index.get(name);
  if (forms === undefined) return null;
  const encoding = bestEncoding(request.headers.get("accept-encoding") ?? "", forms);
  const headers = headersOf(name, encoding);
  const bytes = bytesOf(name, encoding, forms);
  if (HASHED.test(name)) headers["cache-control"] = "public, max-age=31536000, immutable";
  else {
    headers["etag"] = `"${Bun.hash(bytes).toString(36)}"`;
    if (request.headers.get("if-none-match")?.includes(headers["etag"]))
      return new Response(null, { status: 304, headers });
  }
  // Bun leaves the body out for HEAD, and keeps its length.
  return new Response(bytes, { headers });
}

/** The one place that knows where the files lie: inside the executable, or beside the sources. */
const WEB = Bun.isStandaloneExecutable ? "/$bunfs/root/web" : resolve(import.meta.dir, "../../dist/web");

/** Written by the bundler into names whose content can never change. */
const HASHED = /-[0-9a-z]{8}\.\w+$/;
const suffixes = { zstd: ".zst", gzip: ".gz", identity: "" } as const;
type Encoding = keyof typeof suffixes;
type Index = ReadonlyMap<string, ReadonlySet<Encoding>>;

let known: Index | null = null;

/** Which files there are, and in which forms: read once, so that no name from outside ever becomes a path. */
function indexOf(folder: string): Index | null {
  if (known) return known;
  if (!existsSync(folder)) return null;
  const index = new Map<string, Set<Encoding>>();
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name).slice(folder.length + 1);
    const encoding = path.endsWith(".zst") ? "zstd" : path.endsWith(".gz") ? "gzip" : "identity";
    const name = path.slice(0, path.length - suffixes[encoding].length);
    index.set(name, (index.get(name) ?? new Set()).add(encoding));
  }
  // Beside the sources a later build brings other names.
  if (Bun.isStandaloneExecutable) known = index;
  return index;
}

function bestEncoding(accepted: string, forms: ReadonlySet<Encoding>): Encoding {
  const takes = (name: string) =>
    accepted
      .split(",")
      .some((one) => new RegExp(`^\\s*${name}\\s*(;(?!\\s*q=0(\\.0*)?\\s*$)|$)`, "i").test(one));
  if (forms.has("zstd") && takes("zstd")) return "zstd";
  if (forms.has("gzip") && takes("gzip")) return "gzip";
  return "identity";
}

function bytesOf(name: string, encoding: Encoding, forms: ReadonlySet<Encoding>): Uint8Array<ArrayBuffer> {
  const read = (form: Encoding) => new Uint8Array(readFileSync(join(WEB, name + suffixes[form])));
  // Large files exist in compressed forms only; the rare client that takes none gets them unpacked.
  return forms.has(encoding) ? read(encoding) : Bun.gunzipSync(read("gzip"));
}

function headersOf(name: string, encoding: Encoding): Record<string, string> {
  const headers: Record<string, string> = {
    "content-type": TYPES[name.slice(name.lastIndexOf(".") + 1)] ?? "application/octet-stream",
    "cache-control": "no-cache",
    vary: "accept-encoding",
    "x-content-type-options": "nosniff",
  };
  if (encoding !== "identity") headers["content-encoding"] = encoding;
  if (name.endsWith(".html")) Object.assign(headers, PAGE_HEADERS);
  return headers;
}

const TYPES: Readonly<Record<string, string>> = {
  html: "text/html; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  css: "text/css; charset=utf-8",
  svg: "image/svg+xml",
  png: "image/png",
  ico: "image/x-icon",
  woff2: "font/woff2",
};
const PAGE_HEADERS = {
  "content-security-policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "referrer-policy": "no-referrer",
  "x-frame-options": "DENY",
  "cross-origin-opener-policy": "same-origin",
};

const notBuilt = (): Response =>
  new Response("The web files have not been built yet. Run: npm run build\n", {
    status: 503,
    headers: { "content-type": "text/plain; charset=utf-8", "cache-control": "no-store" },
  });
