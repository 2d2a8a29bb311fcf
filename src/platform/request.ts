import { AppError } from "../lib/errors.ts";
import { newId } from "../lib/ids.ts";

/** No field takes a NUL, and not every database can be asked for one. */
export function checkAddress({ url }: Request): void {
  if (url.includes("%00")) throw new AppError("VALIDATION_ERROR", "The address holds a NUL character.");
}

export const wrongMethod = (request: Request, allow: string): Response => {
  if (request.method === "OPTIONS") return new Response(null, { status: 204, headers: { allow } });
  throw new AppError("METHOD_NOT_ALLOWED", `This address takes ${allow}.`, { headers: { allow } });
};

/** A client's own id is taken over when it is harmless, so that both sides log the same. */
export function requestIdOf(request: Request, at: number): string {
  const given = request.headers.get("x-request-id");
  return given !== null && /^[A-Za-z0-9_-]{1,64}$/.test(given) ? given : newId("req", at);
}

export function targetOf(request: Request): string {
  const { pathname, search } = new URL(request.url);
  return `${request.method} ${pathname}${search}\n${request.headers.get("if-match") ?? ""}`;
}

export function idempotencyKeyOf(request: Request): string | null {
  const key = request.headers.get("idempotency-key");
  if (key === null || request.method !== "POST") return null;
  if (!/^[\x20-\x7e]{1,255}$/.test(key))
    throw new AppError("VALIDATION_ERROR", "Idempotency-Key must be 1 to 255 printable ASCII characters.");
  return key;
}

export const userAgentOf = ({ headers }: Request): Record<string, string> => {
  const userAgent = headers.get("user-agent");
  return userAgent === null ? {} : { "user-agent": userAgent };
};

export async function asAsked(request: Request, response: Response): Promise<Response> {
  if (isKnown(request, response)) return new Response(null, { status: 304, headers: response.headers });
  if (request.method !== "HEAD") return response;
  // A stream that nobody reads would go on for as long as it may.
  await response.body?.cancel();
  return new Response(null, response);
}

function isKnown(request: Request, response: Response): boolean {
  if (request.method !== "GET" && request.method !== "HEAD") return false;
  const etag = response.headers.get("etag");
  return etag !== null && knows(request, etag);
}

/** Whether the client has this very state already (RFC 9110, 13.1.2: compared weakly). */
export function knows({ headers }: Request, etag: string): boolean {
  const known = headers.get("if-none-match");
  return (
    known?.split(",").some((tag) => tag.trim() === "*" || tag.trim().replace(/^W\//, "") === etag) ?? false
  );
}

export async function inTime(response: Response | Promise<Response>, timeoutMs: number): Promise<Response> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(
    () =>
      late.reject(
        new AppError("UNAVAILABLE", `No answer within ${timeoutMs} ms. Try again.`, {
          // Whoever is still sending a body byte by byte is sent away with it.
          headers: { "retry-after": "1", connection: "close" },
        }),
      ),
    timeoutMs,
  );
  try {
    return await Promise.race([response, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
