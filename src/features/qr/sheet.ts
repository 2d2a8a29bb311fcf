import { draw, type Picture, type Shape } from "./drawing.ts";
import { capHeight, drawText, missingSigns, widthOf } from "./font.ts";
import { type PdfPage, pdfOf } from "./pdf.ts";
import type { Style } from "./style.ts";

export const papers = { a4: [595.28, 841.89], letter: [612, 792] } as const satisfies Record<
  string,
  readonly [number, number]
>;
export type Paper = keyof typeof papers;
export const sheetMax = 100;

export interface SheetInput {
  readonly codes: readonly {
    readonly text: string;
    readonly caption: string;
    readonly logo: number | null;
  }[];
  /** Each once, however many codes carry it. */
  readonly logos: readonly Picture[];
  readonly style: Style;
  readonly paper: Paper;
  readonly columns: number;
  readonly rows: number;
}

/** Points. */
const EDGE = 36;
const GAP = 10;
const CAPTION = 9;
const CAPTION_ROOM = 18;

/** Codes side by side on as many pages as it takes, each with its caption, to print and cut. */
export function renderSheet({ codes, logos, style, paper, columns, rows }: SheetInput): Uint8Array {
  const [width, height] = papers[paper];
  const cell = { w: (width - 2 * EDGE) / columns, h: (height - 2 * EDGE) / rows };
  const pages: PdfPage[] = [];
  for (let first = 0; first < codes.length; first += columns * rows) {
    const here = codes.slice(first, first + columns * rows).map(({ text, caption, logo }, i) => {
      const drawing = draw(text, style, logo === null ? null : logos[logo]!, "/links");
      const [left, top] = [EDGE + (i % columns) * cell.w, EDGE + Math.floor(i / columns) * cell.h];
      const scale = Math.min((cell.w - GAP) / drawing.width, (cell.h - GAP - CAPTION_ROOM) / drawing.height);
      const placed = { drawing, x: left + (cell.w - drawing.width * scale) / 2, y: top + GAP / 2, scale };
      const base = placed.y + drawing.height * scale + CAPTION_ROOM - CAPTION / 2;
      return { placed, shape: captionOf(caption, left + cell.w / 2, base, cell.w - GAP) };
    });
    pages.push({
      width,
      height,
      placed: here.map(({ placed }) => placed),
      shapes: here.flatMap(({ shape }) => shape ?? []),
    });
  }
  return pdfOf(pages);
}

/** Centred, and cut where its cell ends. What the font has not is shown as a question mark. */
function captionOf(text: string, middle: number, base: number, wide: number): Shape | null {
  const missing = new Set(missingSigns(text).split(" "));
  const signs = [...text.normalize("NFC")].map((sign) => (missing.has(sign) ? "?" : sign));
  const whole = signs.join("");
  while (signs.length > 0 && widthOf(`${signs.join("")}…`) * CAPTION > wide) signs.pop();
  const shown = widthOf(whole) * CAPTION <= wide ? whole : `${signs.join("")}…`;
  if (shown === "") return null;
  const x = middle - (widthOf(shown) * CAPTION) / 2;
  return {
    fill: "#000000",
    draw: (pen) => drawText(pen, shown, x, base - (capHeight * CAPTION) / 4, CAPTION),
  };
}
