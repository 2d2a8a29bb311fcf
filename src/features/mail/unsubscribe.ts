import { pathOf } from "../../lib/url.ts";
import type { Context } from "../../platform/context.ts";
import { readLeaving, UNSUBSCRIBE_PATH } from "../../platform/mail/unsubscribe.ts";
import { unsubscribe } from "./suppressions.ts";

/**
 * The page behind a mail's "Unsubscribe": a button, because programs that look at every link of a mail would
 * unsubscribe its reader; and what mail programs call themselves (RFC 8058). Null for other paths.
 */
export function unsubscribePage(request: Request, ctx: () => Context): Response | Promise<Response> | null {
  if (pathOf(request.url) !== UNSUBSCRIBE_PATH) return null;
  if (!["GET", "HEAD", "POST"].includes(request.method))
    return new Response(null, { status: 405, headers: { allow: "GET, HEAD, POST" } });
  const context = ctx();
  const leaving = readLeaving(
    context.unsubscribeSecret,
    new URL(request.url).searchParams.get("token") ?? "",
  );
  if (leaving === null) return answer(404, "This link is not complete", "Use the whole link of the mail.");
  if (request.method !== "POST")
    return answer(200, "Unsubscribe?", `${leaving.addressKey} will get no more of these mails.`, BUTTON);
  return unsubscribe(context, leaving.addressKey, leaving.topic).then(() =>
    answer(200, "Done", `${leaving.addressKey} will get no more of these mails.`),
  );
}

const BUTTON = '<form method="post"><button>Unsubscribe</button></form>';

const STYLE = `:root{color-scheme:light dark}body{margin:0;min-height:100svh;display:grid;place-items:center;
padding:1.5rem;font:1rem/1.6 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}main{max-width:34rem;overflow-wrap:anywhere}
button{font:inherit;font-weight:600;padding:.6rem 1.1rem;border:0;border-radius:.5rem;background:#1d4ed8;color:#fff}`;
const STYLE_HASH = new Bun.CryptoHasher("sha256").update(STYLE).digest("base64");

const answer = (status: number, title: string, text: string, more = ""): Response =>
  new Response(
    `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>${title}</title><style>${STYLE}</style></head><body><main><h1>${title}</h1><p>${Bun.escapeHTML(text)}</p>${more}</main></body></html>\n`,
    {
      status,
      headers: {
        "content-type": "text/html; charset=utf-8",
        "cache-control": "no-store",
        "content-security-policy": `default-src 'none'; style-src 'sha256-${STYLE_HASH}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'`,
        "referrer-policy": "no-referrer",
        "x-content-type-options": "nosniff",
        "x-robots-tag": "noindex, nofollow",
      },
    },
  );
