import type { PageName } from "./decide.ts";
import type { Brand } from "./snapshot.ts";

/** A page that stands ready: the bytes and headers of an answer, made once. */
export interface Page {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array<ArrayBuffer>;
  /** The page under the name and colour of a domain. */
  branded(brand: Brand): Page;
}

const style = `
:root{color-scheme:light dark;--ink:#1c2024;--soft:#60646c;--paper:#fcfcfd;--line:#e0e1e6}
@media(prefers-color-scheme:dark){:root{--ink:#edeef0;--soft:#b0b4ba;--paper:#111113;--line:#2e3135}}
*{box-sizing:border-box}
body{margin:0;min-height:100vh;min-height:100svh;display:grid;place-items:center;padding:1.5rem;background:var(--paper);
color:var(--ink);font:1rem/1.6 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
main{max-width:34rem;padding:2rem 0;overflow-wrap:anywhere}
.code{margin:0 0 .75rem;font-size:.875rem;letter-spacing:.08em;color:var(--soft);font-variant-numeric:tabular-nums}
h1{margin:0 0 .75rem;font-size:clamp(1.5rem,5vw,2.25rem);line-height:1.2;letter-spacing:-.02em;text-wrap:balance}
p{margin:0;color:var(--soft)}
form{display:grid;gap:.5rem;max-width:22rem;margin-top:1.5rem}
label{font-size:.875rem;color:var(--soft)}
input,button{font:inherit;padding:.625rem .75rem;border-radius:.375rem;border:1px solid var(--line)}
input{background:transparent;color:inherit}
button{border-color:var(--ink);background:var(--ink);color:var(--paper);cursor:pointer}
footer{margin-top:2.5rem;font-size:.875rem}
footer a{color:inherit}
input:focus-visible,button:focus-visible{outline:2px solid var(--ink);outline-offset:2px}
main::before{content:"";display:block;width:2.5rem;height:.25rem;margin-bottom:1.5rem;border-radius:2px;background:var(--line)}
`;

const sha256 = (text: string): string => new Bun.CryptoHasher("sha256").update(text).digest("base64");
const styleHash = sha256(style);

const headers: Readonly<Record<string, string>> = {
  "content-type": "text/html; charset=utf-8",
  "cache-control": "private, no-store",
  "content-security-policy": `default-src 'none'; style-src 'sha256-${styleHash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  "x-robots-tag": "noindex, nofollow",
};

/** Where a form leads is its own address; then come redirects to any destination, which browsers hold to this too. */
const formHeaders = {
  "content-security-policy": headers["content-security-policy"]!.replace(
    "form-action 'none'",
    "form-action 'self' https: http:",
  ),
};
const passwordForm = (said: string) => `<form method="post">
<label for="password">${said}</label>
<input id="password" name="password" type="password" required maxlength="128" autocomplete="off" autofocus>
<button>Open the link</button>
</form>`;

/**
 * Every page of the redirect: no script, nothing loaded from anywhere, nothing of the request in it. A missing
 * and a switched-off link share one page, so that neither tells of the other.
 */
export const pages = {
  root: page(200, "There is nothing here", "This address serves short links. Please use the whole link."),
  bad_request: page(400, "This request cannot be read", "The request does not name one host.", {
    connection: "close",
  }),
  not_found: page(404, "Link not found", "This short link does not exist, or it was taken down."),
  unknown_host: page(404, "Unknown address", "No short links are served under this host name."),
  method: page(405, "Method not allowed", "A short link can be opened; that is all it can do.", {
    allow: "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS",
  }),
  password: page(
    200,
    "This link has a password",
    "Whoever shared it can tell you.",
    formHeaders,
    passwordForm("Password"),
  ),
  password_wrong: page(
    403,
    "That is not the password",
    "Small and capital letters count.",
    formHeaders,
    passwordForm("Try again"),
  ),
  password_wait: page(429, "Too many tries", "Please wait, and then open the link again."),
  expired: page(410, "This link has expired", "Whoever shared it set an end to it, and that has passed."),
  limit_reached: page(410, "This link is used up", "It could be opened a set number of times, and was."),
  too_many: page(
    429,
    "Too many wrong addresses",
    "Many links were asked for that do not exist. Please try again in a minute.",
    { "retry-after": "60" },
  ),
  failed: page(500, "Something went wrong", "The link could not be opened. Please try again.", {
    connection: "close",
  }),
  unavailable: page(503, "Please try again", "This link cannot be opened at the moment.", {
    "retry-after": "2",
  }),
  loop: page(508, "This link leads back here", "It points to another short link and would never arrive."),
} as const satisfies Record<PageName, Page> & Record<string, Page>;

/** The page as an answer. Answers to HEAD are the same; the server leaves out their body. */
export const pageResponse = ({ status, headers, body }: Page): Response =>
  new Response(body, { status, headers });

function page(
  status: number,
  title: string,
  text: string,
  more: Record<string, string> = {},
  form = "",
): Page {
  const written = (head: string, foot: string) =>
    new TextEncoder().encode(`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<meta name="robots" content="noindex,nofollow">
<title>${escaped(title)}</title>
<style>${style}</style>${head}
</head>
<body><main>${status === 200 ? "" : `<p class="code">${status}</p>`}<h1>${escaped(title)}</h1><p>${escaped(text)}</p>${form}${foot}</main></body>
</html>
`);
  const usual = { ...headers, ...more };
  const made: Page = {
    status,
    headers: usual,
    body: written("", ""),
    branded(brand) {
      const own = brand.color === null ? "" : `main::before{background:${brand.color}}`;
      const policy = usual["content-security-policy"]!;
      const allowed = own === "" ? policy : policy.replace("style-src", `style-src 'sha256-${sha256(own)}'`);
      const body = written(own === "" ? "" : `<style>${own}</style>`, footOf(brand));
      return { ...made, headers: { ...usual, "content-security-policy": allowed }, body };
    },
  };
  return made;
}

function footOf({ name, url }: Brand): string {
  if (name === "") return "";
  const shown = escaped(name);
  return `<footer>${url === null ? shown : `<a href="${escaped(url)}" rel="noopener">${shown}</a>`}</footer>`;
}

/** Safe inside elements and quoted attributes. */
export function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
}
