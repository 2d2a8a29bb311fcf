import { open } from "node:fs/promises";
import { pipeline, Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { AppError } from "../../lib/errors.ts";
import type { Context } from "../../platform/context.ts";
import { fileOf, removeFile } from "./folder.ts";

/**
 * Writes a file that comes in to the disk, unpacked where it is gzip. It takes no more memory than a piece, and no more
 * disk than the limit, however far it would unpack.
 * @throws AppError PAYLOAD_TOO_LARGE, UNSUPPORTED_MEDIA_TYPE, VALIDATION_ERROR
 */
export async function receive(
  ctx: Context,
  body: ReadableStream<Uint8Array> | null,
  id: string,
): Promise<{ hash: string; bytes: number }> {
  const limit = ctx.config.WAYPOST_IMPORT_LIMIT;
  const hash = new Bun.CryptoHasher("sha256");
  const file = await open(fileOf(ctx, id), "wx", 0o600);
  let bytes = 0;
  try {
    for await (const part of unpacked(body, limit)) {
      bytes += part.length;
      if (bytes > limit) throw tooLarge(limit);
      hash.update(part);
      await file.write(part);
    }
    if (bytes === 0) throw new AppError("VALIDATION_ERROR", "The file is empty.");
    await file.sync();
    return { hash: hash.digest("hex"), bytes };
  } catch (error) {
    await removeFile(ctx, id);
    throw error;
  } finally {
    await file.close();
  }
}

const tooLarge = (limit: number) =>
  new AppError("PAYLOAD_TOO_LARGE", `The file may have ${limit} bytes at most (WAYPOST_IMPORT_LIMIT).`);

async function* unpacked(body: ReadableStream<Uint8Array> | null, limit: number): AsyncGenerator<Uint8Array> {
  if (body === null) return;
  const [first, rest] = await begun(body, limit);
  if (first[0] === 0x50 && first[1] === 0x4b)
    throw new AppError(
      "UNSUPPORTED_MEDIA_TYPE",
      "The file is a ZIP: send what is in it, as it is or as gzip.",
    );
  if (first[0] !== 0x1f || first[1] !== 0x8b) return yield* rest;
  const gunzip = createGunzip();
  // What goes wrong comes out where it is read.
  pipeline(Readable.from(rest), gunzip, () => {});
  try {
    yield* gunzip as AsyncIterable<Uint8Array>;
  } catch (error) {
    if (error instanceof AppError) throw error;
    throw new AppError("VALIDATION_ERROR", "The file is no whole gzip file.", { cause: error });
  }
}

/** The first bytes, and all of them. What comes in is limited as well, packed or not. */
async function begun(
  body: ReadableStream<Uint8Array>,
  limit: number,
): Promise<[Uint8Array, AsyncGenerator<Uint8Array>]> {
  const reader = body.getReader();
  let first: Uint8Array = new Uint8Array();
  let last = false;
  while (first.length < 2 && !last) {
    const { done, value } = await reader.read();
    last = done;
    if (value) first = Buffer.concat([first, value]);
  }
  async function* rest(): AsyncGenerator<Uint8Array> {
    let came = first.length;
    if (came > 0) yield first;
    while (!last) {
      const { done, value } = await reader.read();
      if (done) return;
      came += value.length;
      if (came > limit) throw tooLarge(limit);
      yield value;
    }
  }
  return [first, rest()];
}
