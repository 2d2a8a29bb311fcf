import { invalid } from "../../lib/errors.ts";
import { packed } from "./bitmap.ts";
import { type Drawing, draw, type Picture } from "./drawing.ts";
import { toPdf } from "./pdf.ts";
import { pictureOf, pixelsOf } from "./picture.ts";
import { moduleMin, moduleSize, pictureSize, toPixels } from "./pixels.ts";
import type { Format, Style } from "./style.ts";
import { toSvg } from "./svg.ts";

/** What an image is made from, and nothing else: the same is the same, byte for byte. */
export interface ImageInput {
  readonly text: string;
  readonly style: Style;
  readonly format: Format;
  /** A picture that is kept; a data URL stands in the style itself. */
  readonly logo: Picture | null;
  /** Whose fault a text is that is too long. */
  readonly path: string;
}

/** Counts up whenever the same input begins to look otherwise, so that nobody keeps what was before. */
export const LOOK = 1;

export const isDataUrl = (logo: string): boolean => logo.startsWith("data:");

/** Makes a file of any format. It may take a core for a second: it runs on a thread of its own. */
export async function renderImage(input: ImageInput): Promise<Uint8Array> {
  const { text, style, format, path } = input;
  const logo = isDataUrl(style.logo) ? await pictureOf(style.logo, "/logo") : input.logo;
  if (format === "svg") return new TextEncoder().encode(renderSvg({ ...input, logo }));
  const drawing = draw(text, style, logo, path);
  if (format === "pdf") return toPdf(drawing, style.size);
  checkSize(drawing, style.size);
  const pixels = toPixels(drawing, style.size, await logoPixels(drawing, style.size));
  return packed(pixels, format, style.gradient === "none" && logo === null);
}

/** Takes half a millisecond, and no thread. A data URL must have been made a picture. */
export const renderSvg = ({ text, style, logo, path }: Omit<ImageInput, "format">): string =>
  toSvg(draw(text, style, logo, path), style.size, `QR code: ${text}`);

const logoPixels = async (drawing: Drawing, size: number) => {
  if (!drawing.picture) return null;
  const { width, height } = pictureSize(drawing, size);
  return pixelsOf(drawing.picture.png, width, height);
};

function checkSize(drawing: Drawing, size: number): void {
  if (moduleSize(drawing, size) >= moduleMin) return;
  throw invalid(
    "/size",
    `size must be at least ${drawing.width * moduleMin} for this code: fewer pixels cannot be read`,
  );
}

/** A kept picture out of what somebody gave. */
export const renderPicture = ({
  url,
  path,
}: {
  readonly url: string;
  readonly path: string;
}): Promise<Picture> => pictureOf(url, path);
