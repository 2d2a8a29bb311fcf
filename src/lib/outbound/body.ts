import type { IncomingMessage } from "node:http";
import { pipeline } from "node:stream";
import { createBrotliDecompress, createGunzip, createInflate } from "node:zlib";
import { OutboundError } from "./errors.ts";

/** What the door unpacks. Not zstd, whose window may be 128 MB. */
export const ACCEPT_ENCODING = "gzip, br";

/** Over what the body may hold: packing can make small things larger, but empty blocks without end are an attack. */
const PACKED_SLACK_BYTES = 64 * 1024;

/**
 * The body, unpacked, of at most `bytesMax`. What is longer is `cut`, or refused.
 * @throws OutboundError `too_large`; `protocol` when it breaks off or is not what it says
 */
export async function readBody(
  incoming: IncomingMessage,
  { host, method, bytesMax, cut }: { host: string; method: string; bytesMax: number; cut: boolean },
): Promise<{ body: Buffer; cut: boolean }> {
  const chunks: Buffer[] = [];
  const isEmpty =
    method === "HEAD" ||
    NO_BODY.has(incoming.statusCode ?? 0) ||
    Number(incoming.headers["content-length"]) === 0;
  let bytes = 0;
  try {
    for await (const chunk of unpacked(incoming, bytesMax + PACKED_SLACK_BYTES, isEmpty)) {
      bytes += chunk.length;
      if (bytes > bytesMax) {
        chunks.push(chunk.subarray(0, chunk.length - (bytes - bytesMax)));
        throw new TooLong();
      }
      chunks.push(chunk);
    }
    return { body: Buffer.concat(chunks), cut: false };
  } catch (error) {
    const long = error instanceof TooLong;
    if (long && cut) return { body: Buffer.concat(chunks), cut: true };
    const status = incoming.statusCode ?? null;
    throw long
      ? new OutboundError("too_large", `The answer of ${host} is longer than ${bytesMax} bytes.`, { status })
      : new OutboundError("protocol", `The answer of ${host} broke off, or could not be unpacked.`, {
          status,
          cause: error,
        });
  }
}

const NO_BODY = new Set([204, 205, 304]);

class TooLong extends Error {}

function unpacked(incoming: IncomingMessage, packedMax: number, isEmpty: boolean): AsyncIterable<Buffer> {
  // HEAD and 304 name the packing of a body that does not come.
  if (isEmpty) return incoming;
  const encoding = (incoming.headers["content-encoding"] ?? "").trim().toLowerCase();
  if (encoding === "" || encoding === "identity") return incoming;
  const unpack = UNPACK.get(encoding);
  if (!unpack) throw new Error(`content-encoding ${encoding.slice(0, 100)}`);
  // Its failures come out of the iteration.
  return pipeline(counted(incoming, packedMax), unpack(), () => {});
}

async function* counted(incoming: IncomingMessage, bytesMax: number): AsyncGenerator<Buffer> {
  let bytes = 0;
  for await (const chunk of incoming) {
    bytes += chunk.length;
    if (bytes > bytesMax) throw new TooLong();
    yield chunk;
  }
}

const UNPACK = new Map([
  ["gzip", () => createGunzip()],
  ["x-gzip", () => createGunzip()],
  ["deflate", () => createInflate()],
  ["br", () => createBrotliDecompress()],
]);
