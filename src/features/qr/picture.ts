import { inflateSync } from "node:zlib";
import { invalid } from "../../lib/errors.ts";
import type { Picture } from "./drawing.ts";
import type { Pixels } from "./pixels.ts";

/** Characters of a data URL: some 190 kB of picture. */
export const pictureUrlMax = 262_144;
/** What a picture may claim to be before anything of it is unpacked. */
const PIXELS_MAX = 4_000_000;
/** No code is printed with more of it than that. */
const SIDE_MAX = 256;

const DATA_URL = /^data:image\/(png|jpeg|webp);base64,([A-Za-z0-9+/]+={0,2})$/;

/**
 * A picture that somebody gave as a data URL, made anew: as PNG, small, and without whatever else was in the file.
 * PNG, JPEG and WebP are taken; SVG is a program, and is not.
 * @throws AppError VALIDATION_ERROR naming `path`
 */
export async function pictureOf(url: string, path: string): Promise<Picture> {
  const field = path.slice(1);
  const [, kind, data] = url.length > pictureUrlMax ? [] : (DATA_URL.exec(url) ?? []);
  if (!kind || !data)
    throw invalid(
      path,
      `${field} must be a data URL of a PNG, JPEG or WebP in base64, of at most ${pictureUrlMax} characters`,
    );
  const bytes = Buffer.from(data, "base64");
  try {
    const { format } = await new Bun.Image(bytes, { maxPixels: PIXELS_MAX }).metadata();
    if (format !== kind) throw invalid(path, `${field} says that it is a ${kind}, and is none`);
    const png = await new Bun.Image(bytes, { maxPixels: PIXELS_MAX })
      .resize(SIDE_MAX, SIDE_MAX, { fit: "inside", withoutEnlargement: true })
      .png()
      .bytes();
    const { width, height } = await new Bun.Image(png).metadata();
    return { png, width, height };
  } catch (error) {
    const { code = "" } = error as { code?: string };
    if (code === "ERR_IMAGE_TOO_MANY_PIXELS")
      throw invalid(path, `${field} may have ${PIXELS_MAX} pixels at most`);
    if (code.startsWith("ERR_IMAGE")) throw invalid(path, `${field} is no picture that can be read`);
    throw error;
  }
}

/** The picture in another size, as pixels. */
export async function pixelsOf(png: Uint8Array, width: number, height: number): Promise<Pixels> {
  return decodePng(await new Bun.Image(png).resize(width, height).png().bytes());
}

/**
 * Pixels of a PNG as `Bun.Image` writes it, which gives none out itself: eight bits of red, green, blue and perhaps
 * opacity, or of grey, not interlaced.
 */
export function decodePng(png: Uint8Array): Pixels {
  const view = new DataView(png.buffer, png.byteOffset, png.byteLength);
  const [width, height] = [view.getUint32(16), view.getUint32(20)];
  const channels = { 0: 1, 2: 3, 4: 2, 6: 4 }[png[25]!];
  if (png[24] !== 8 || channels === undefined || png[28] !== 0) throw new Error("not a PNG of ours");
  const parts: Uint8Array[] = [];
  for (let at = 8; at < png.length; at += view.getUint32(at) + 12)
    if (view.getUint32(at + 4) === IDAT) parts.push(png.subarray(at + 8, at + 8 + view.getUint32(at)));
  const rows = unfiltered(inflateSync(Buffer.concat(parts)), width * channels, height, channels);
  const rgba = new Uint8Array(width * height * 4);
  for (let i = 0; i < width * height; i++) {
    const at = i * channels;
    const grey = channels < 3;
    rgba[i * 4] = rows[at]!;
    rgba[i * 4 + 1] = rows[grey ? at : at + 1]!;
    rgba[i * 4 + 2] = rows[grey ? at : at + 2]!;
    rgba[i * 4 + 3] = channels % 2 === 0 ? rows[at + channels - 1]! : 255;
  }
  return { width, height, rgba };
}

const IDAT = 0x49444154;

/** PNG (third edition), 9.2: each byte is told by its difference to what stands left, above, and left above. */
function unfiltered(packed: Uint8Array, rowLength: number, height: number, step: number): Uint8Array {
  const rows = new Uint8Array(rowLength * height);
  for (let y = 0; y < height; y++) {
    const filter = packed[y * (rowLength + 1)]!;
    for (let x = 0; x < rowLength; x++) {
      const at = y * rowLength + x;
      const left = x >= step ? rows[at - step]! : 0;
      const up = y > 0 ? rows[at - rowLength]! : 0;
      const corner = x >= step && y > 0 ? rows[at - rowLength - step]! : 0;
      rows[at] = packed[y * (rowLength + 1) + 1 + x]! + predicted(filter, left, up, corner);
    }
  }
  return rows;
}

function predicted(filter: number, left: number, up: number, corner: number): number {
  if (filter === 0) return 0;
  if (filter === 1) return left;
  if (filter === 2) return up;
  if (filter === 3) return (left + up) >> 1;
  const guess = left + up - corner;
  const [a, b, c] = [Math.abs(guess - left), Math.abs(guess - up), Math.abs(guess - corner)];
  return a <= b && a <= c ? left : b <= c ? up : corner;
}
