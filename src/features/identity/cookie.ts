import { AppError } from "../../lib/errors.ts";
import { isLoopbackHost } from "../../lib/url.ts";

export interface CookieOptions {
  baseUrl(): string | null;
  /** Whether the browser spoke TLS, to us or to a proxy we trust. */
  isSecure(request: Request): boolean;
  readonly csrfSecret: string;
}

/** What a browser carries: the session, the mark of a known device, and the token against foreign pages. */
export interface Cookies {
  session(request: Request): string | null;
  device(request: Request): string | null;
  /** `Set-Cookie` for a session and the device it is on. @throws AppError FORBIDDEN where no cookie would be safe */
  write(request: Request, session: string, device: string, lifeSeconds: number): string[];
  /** `Set-Cookie` that ends the session here. The device stays known. */
  clear(request: Request): string;
  /** What a page of ours must send as `X-CSRF-Token` with every write of this session. */
  csrfToken(sessionId: string): string;
  /** @throws AppError FORBIDDEN unless one of our own pages sent it */
  assertOwnPage(request: Request): void;
  /** @throws AppError FORBIDDEN without the session's token */
  assertCsrf(request: Request, sessionId: string): void;
}

const DEVICE_SECONDS = 365 * 86_400;
/** A page fetches a new one whenever it is opened. */
const CSRF_MS = 7 * 86_400_000;

export function openCookies({ baseUrl, isSecure, csrfSecret }: CookieOptions): Cookies {
  const bare = (request: Request) => isLoopbackHost(new URL(request.url).hostname) && !isSecure(request);
  /**
   * `__Host-` keeps the cookie to this very host and to TLS (RFC 6265bis, 4.1.3.2). Browsers that take no such cookie
   * on this machine without TLS get a plain name there, and only there.
   */
  const named = (request: Request, name: string) =>
    bare(request) ? `waypost-${name}` : `__Host-waypost-${name}`;
  const read = (request: Request, name: string): string | null => {
    const wanted = `${named(request, name)}=`;
    const found = (request.headers.get("cookie") ?? "").split(/;\s*/).find((one) => one.startsWith(wanted));
    return found === undefined ? null : found.slice(wanted.length);
  };
  const written = (request: Request, name: string, value: string, seconds: number) =>
    [
      `${named(request, name)}=${value}`,
      "Path=/",
      "HttpOnly",
      "SameSite=Strict",
      `Max-Age=${seconds}`,
      ...(bare(request) ? [] : ["Secure"]),
    ].join("; ");
  const sessionHere = (sessionId: string) => ({ sessionId, secret: csrfSecret });

  return {
    session: (request) => read(request, "session"),
    device: (request) => read(request, "device"),
    write(request, session, device, lifeSeconds) {
      if (!bare(request) && !isSecure(request) && !baseUrl()?.startsWith("https:"))
        throw new AppError(
          "FORBIDDEN",
          "A browser keeps no session without https, except on localhost. Put TLS in front, or use an API key.",
        );
      return [
        written(request, "session", session, lifeSeconds),
        written(request, "device", device, DEVICE_SECONDS),
      ];
    },
    clear: (request) => written(request, "session", "", 0),
    csrfToken: (sessionId) => Bun.CSRF.generate(csrfSecret, { sessionId, expiresIn: CSRF_MS }),
    assertOwnPage(request) {
      const { headers } = request;
      const site = headers.get("sec-fetch-site");
      if (
        (site !== null && site !== "same-origin") ||
        !isOwnOrigin(request, headers.get("origin"), baseUrl())
      )
        throw new AppError("FORBIDDEN", "This did not come from a page of this installation.");
    },
    assertCsrf(request, sessionId) {
      const token = request.headers.get("x-csrf-token") ?? "";
      if (
        token === "" ||
        token.length > 512 ||
        !Bun.CSRF.verify(token, { ...sessionHere(sessionId), maxAge: CSRF_MS })
      )
        throw new AppError(
          "FORBIDDEN",
          "X-CSRF-Token is missing or of another session: GET /auth/session has it.",
        );
    },
  };
}

/** The page is served by the very host it talks to: the scheme may be hidden by a proxy, host and port may not. */
function isOwnOrigin(request: Request, origin: string | null, baseUrl: string | null): boolean {
  if (origin === null) return false;
  const here = new URL(request.url).host;
  const said = URL.parse(origin);
  if (!said || said.origin !== origin || said.host !== here) return false;
  if (baseUrl !== null && new URL(baseUrl).host === here) return origin === new URL(baseUrl).origin;
  return said.protocol === "http:" || said.protocol === "https:";
}
