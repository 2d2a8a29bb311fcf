import type { Pixels } from "./pixels.ts";

export type BitmapFormat = "png" | "webp" | "jpeg";

/**
 * Packs pixels into a file, with edges sharp enough to print.
 * @param plain few colours: without loss WebP is then small and quick, with gradients it takes a second and more
 */
export function packed(pixels: Pixels, format: BitmapFormat, plain: boolean): Promise<Uint8Array> {
  const image = new Bun.Image(bmpOf(pixels));
  if (format === "png") return image.png({ compressionLevel: 6 }).bytes();
  if (format === "jpeg") return image.jpeg({ quality: 92 }).bytes();
  return image.webp(plain ? { lossless: true } : { quality: 92 }).bytes();
}

const HEADER = 54;

/** A bitmap of 24 bits from the top down: the plainest form in which `Bun.Image` takes pixels. */
function bmpOf({ width, height, rgba }: Pixels): Uint8Array {
  const row = Math.ceil((width * 3) / 4) * 4;
  const bmp = new Uint8Array(HEADER + row * height);
  const view = new DataView(bmp.buffer);
  bmp.set([0x42, 0x4d]);
  view.setUint32(2, bmp.length, true);
  view.setUint32(10, HEADER, true);
  view.setUint32(14, 40, true);
  view.setInt32(18, width, true);
  view.setInt32(22, -height, true);
  view.setUint16(26, 1, true);
  view.setUint16(28, 24, true);
  for (let y = 0; y < height; y++)
    for (let x = 0, from = y * width * 4, to = HEADER + y * row; x < width; x++, from += 4, to += 3) {
      bmp[to] = rgba[from + 2]!;
      bmp[to + 1] = rgba[from + 1]!;
      bmp[to + 2] = rgba[from]!;
    }
  return bmp;
}
