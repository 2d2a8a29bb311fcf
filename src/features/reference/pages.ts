import { serveAsset } from "../../lib/assets.ts";

const HEADERS = {
  "content-type": "text/html; charset=utf-8",
  "cache-control": "no-cache",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "x-frame-options": "DENY",
} as const;

/** Nothing from elsewhere, and no script that is not a file of ours. */
const ADMIN_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** The reader of the API's reference sets styles as it goes; scripts are files of ours here too. */
const DOCS_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** `/admin`: the page, and its files below `/admin/assets/`. Every other path is the page's own affair. */
export function adminPage(request: Request): Response {
  const { pathname } = new URL(request.url);
  const asset = /^\/admin\/assets\/(.+)$/.exec(pathname)?.[1];
  if (asset !== undefined) return serveAsset(request, `assets/${asset}`) ?? gone();
  return page(serveAsset(request, "index.html"), ADMIN_POLICY);
}

/** `/api/v1/docs`: the reference, all of it from this executable. Null for other paths. */
export function docsPage(request: Request): Response | null {
  const { pathname } = new URL(request.url);
  if (pathname === "/api/v1/docs") return page(serveAsset(request, "docs/index.html"), DOCS_POLICY);
  const asset = /^\/api\/v1\/docs\/([\w.-]+)$/.exec(pathname)?.[1];
  return asset === undefined ? null : (serveAsset(request, `docs/${asset}`) ?? gone());
}

function page(response: Response | null, policy: string): Response {
  if (!response) return gone();
  for (const [name, value] of Object.entries(HEADERS)) response.headers.set(name, value);
  response.headers.set("content-security-policy", policy);
  return response;
}

const gone = (): Response => new Response("Not found\n", { status: 404, headers: { "cache-control": "no-store" } });
