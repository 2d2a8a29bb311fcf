import jsqr from "jsqr";
import { packed } from "../../../src/features/qr/bitmap.ts";
import { draw, type Picture } from "../../../src/features/qr/drawing.ts";
import { decodePng, pictureOf, pixelsOf } from "../../../src/features/qr/picture.ts";
import { type Pixels, pictureSize, toPixels } from "../../../src/features/qr/pixels.ts";
import { checkStyle, plainStyle, type Style } from "../../../src/features/qr/style.ts";

/** What a decoder that is not ours reads in a picture; null for nothing. */
export const readPixels = ({ rgba, width, height }: Pixels): string | null =>
  jsqr(new Uint8ClampedArray(rgba), width, height, { inversionAttempts: "dontInvert" })?.data ?? null;

/** The same for the bytes of a PNG, WebP or JPEG. */
export const readImage = async (bytes: Uint8Array): Promise<string | null> =>
  readPixels(decodePng(await new Bun.Image(bytes).png().bytes()));

/** A code of this look in pixels. */
export async function drawn(
  text: string,
  look: Partial<Style>,
  logo: Picture | null = null,
): Promise<Pixels> {
  const style = { ...plainStyle, ...look };
  checkStyle(style);
  const drawing = draw(text, style, logo, "/url");
  if (!logo) return toPixels(drawing, style.size, null);
  const { width, height } = pictureSize(drawing, style.size);
  return toPixels(drawing, style.size, await pixelsOf(logo.png, width, height));
}

/** A picture with a round shape on a coloured ground, as logos are: the worst is one that is dark throughout. */
export async function someLogo(side = 64): Promise<Picture> {
  return pictureOf(await dataUrl(side, side), "/logo");
}

export async function dataUrl(
  width: number,
  height: number,
  kind: "png" | "jpeg" | "webp" = "png",
): Promise<string> {
  const rgba = new Uint8Array(width * height * 4);
  for (let i = 0; i < width * height; i++) {
    const [x, y] = [(i % width) / width - 0.5, Math.floor(i / width) / height - 0.5];
    rgba.set(x * x + y * y < 0.2 ? [20, 20, 90, 255] : [200, 40, 40, 255], i * 4);
  }
  const bytes = await packed({ width, height, rgba }, kind, true);
  return `data:image/${kind};base64,${Buffer.from(bytes).toString("base64")}`;
}
