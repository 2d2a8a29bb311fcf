import { AppError } from "../lib/errors.ts";

/** No body of ours nests deeper than a handful of levels; a thousand links with every field are the most values. */
const DEPTH_MAX = 32;
const VALUES_MAX = 100_000;

/**
 * Refuses bodies before they are read: too large, compressed, or not JSON. Elysia would take a form for JSON.
 * @throws AppError PAYLOAD_TOO_LARGE, UNSUPPORTED_MEDIA_TYPE
 */
export function checkBody(request: Request, sizeMax: number): void {
  const { headers } = request;
  const length = headers.get("content-length");
  if (request.body === null || length === "0") return;
  if (Number(length ?? 0) > sizeMax) throw tooLarge(sizeMax);
  if (!/^application\/json(\s*;\s*charset\s*=\s*"?utf-8"?)?\s*$/i.test(headers.get("content-type") ?? ""))
    throw new AppError(
      "UNSUPPORTED_MEDIA_TYPE",
      "The body must be JSON: send Content-Type: application/json.",
    );
  if (headers.has("content-encoding"))
    throw new AppError("UNSUPPORTED_MEDIA_TYPE", "The body must not be compressed.");
}

/**
 * The body as a value, within bounds of size, depth and number, so that nothing after it meets a bomb.
 * @throws AppError PAYLOAD_TOO_LARGE, VALIDATION_ERROR
 */
export async function readBody(request: Request, sizeMax: number): Promise<unknown> {
  const bytes = await bytesOf(request, sizeMax);
  if (bytes.length === 0) return undefined;
  const value = parsed(bytes);
  checkBounds(value);
  return value;
}

/** A body need not say how long it is; no more of it is kept than it may have. */
async function bytesOf(request: Request, sizeMax: number): Promise<Uint8Array> {
  // What says its length has been judged by it, and is read in one go.
  if (request.headers.has("content-length") || request.body === null) {
    const bytes = await request.bytes();
    if (bytes.length > sizeMax) throw tooLarge(sizeMax);
    return bytes;
  }
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of request.body) {
    size += part.length;
    if (size > sizeMax) throw tooLarge(sizeMax);
    parts.push(part);
  }
  return Buffer.concat(parts);
}

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function parsed(bytes: Uint8Array): unknown {
  try {
    // A byte order mark is no JSON (RFC 8259, 8.1), and what is not UTF-8 is not text.
    return JSON.parse(decoder.decode(bytes));
  } catch {
    throw new AppError("VALIDATION_ERROR", "The body is not valid JSON.");
  }
}

function checkBounds(root: unknown): void {
  let level: unknown[] = [root];
  let values = 0;
  for (let depth = 0; level.length > 0; depth++) {
    values += level.length;
    if (depth > DEPTH_MAX || values > VALUES_MAX)
      throw new AppError(
        "VALIDATION_ERROR",
        `The body nests deeper than ${DEPTH_MAX} levels or holds more than ${VALUES_MAX} values.`,
      );
    if (level.some((value) => typeof value === "string" && value.includes("\0")))
      throw new AppError("VALIDATION_ERROR", "The body holds a NUL character, which no field takes.");
    level = level.flatMap((value) =>
      typeof value === "object" && value !== null ? Object.values(value) : [],
    );
  }
}

const tooLarge = (sizeMax: number) =>
  new AppError("PAYLOAD_TOO_LARGE", `The body may have ${sizeMax} bytes at most.`);
