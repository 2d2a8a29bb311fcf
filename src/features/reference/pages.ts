import { serveAsset } from "../../lib/assets.ts";
import { pathOf } from "../../lib/url.ts";

/** `/admin` and all below it: files by name, and the page itself for every other path, which is its own affair. */
export function adminPage(request: Request): Response {
  const { pathname } = new URL(request.url);
  const asset = /^\/admin\/(assets\/[\w.-]+)$/.exec(pathname)?.[1];
  return serveAsset(request, asset === undefined ? "admin/index.html" : `admin/${asset}`) ?? gone();
}

/** `/api/v1/docs`: the reference, all of it from this executable. Null for other paths. */
export function docsPage(request: Request): Response | null {
  const pathname = pathOf(request.url);
  if (pathname === "/api/v1/docs") return new Response(DOCS, { headers: DOCS_HEADERS });
  return pathname === "/api/v1/docs/scalar.js" ? (serveAsset(request, "docs/scalar.js") ?? gone()) : null;
}

/** Fonts, telemetry and the reader's own services would be requests to others. */
const CONFIGURATION = JSON.stringify({
  withDefaultFonts: false,
  telemetry: false,
  hideClientButton: true,
  showDeveloperTools: "never",
  agent: { disabled: true },
  mcp: { disabled: true },
});

const DOCS = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Waypost API</title>
<link rel="icon" href="data:,">
</head>
<body>
<script id="api-reference" data-url="/api/v1/openapi.json" data-configuration="${CONFIGURATION.replaceAll('"', "&quot;")}"></script>
<script src="/api/v1/docs/scalar.js"></script>
</body>
</html>
`;

/** The reader sets styles as it goes; scripts are files of ours, and nothing comes from elsewhere. */
const DOCS_HEADERS = {
  "content-type": "text/html; charset=utf-8",
  "cache-control": "no-cache",
  "content-security-policy":
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "x-frame-options": "DENY",
} as const;

const gone = (): Response =>
  new Response("Not found\n", { status: 404, headers: { "cache-control": "no-store" } });
