import outlines from "./font.txt" with { type: "text" };
import type { Pen } from "./pen.ts";

/**
 * The letters of frames and captions: outlines of Roboto Medium, a line a letter, of a thousand units to the em. Drawn
 * as paths, a text looks the same in every format and everywhere, and is no text that anybody could break out of.
 */
interface Glyph {
  readonly advance: number;
  readonly outline: string;
}

let known: Map<string, Glyph> | null = null;
const glyphs = (): Map<string, Glyph> => {
  known ??= new Map(
    outlines
      .trimEnd()
      .split("\n")
      .map((line) => {
        const [, code = "", advance = "", outline = ""] = /^(\S+) (\S+) ?(.*)$/.exec(line) ?? [];
        return [String.fromCodePoint(Number.parseInt(code, 16)), { advance: Number(advance), outline }];
      }),
  );
  return known;
};

/** Height of a capital letter, in ems. */
export const capHeight = 0.711;

/** The signs of a text that the font has not; empty when it has all. */
export const missingSigns = (text: string): string =>
  [...new Set(text.normalize("NFC"))].filter((sign) => !glyphs().has(sign)).join(" ");

/** Width of a text in ems. */
export const widthOf = (text: string): number =>
  lettersOf(text).reduce((sum, { advance }) => sum + advance, 0) / 1000;

/** Draws a text with its base line beginning at (x, y), `size` units to the em. Signs it has not are left out. */
export function drawText(pen: Pen, text: string, x: number, y: number, size: number): void {
  let at = x;
  for (const { advance, outline } of lettersOf(text)) {
    drawGlyph(pen, outline, at, y, size / 1000);
    at += (advance * size) / 1000;
  }
}

const lettersOf = (text: string): Glyph[] =>
  [...text.normalize("NFC")].flatMap((sign) => glyphs().get(sign) ?? []);

/** Steps are relative: `m`ove, `l`ine, `q`uadratic curve, `z` closes. */
function drawGlyph(pen: Pen, outline: string, left: number, base: number, scale: number): void {
  let [x, y] = [0, 0];
  const px = (dx: number) => left + (x + dx) * scale;
  const py = (dy: number) => base + (y + dy) * scale;
  for (const [, step, numbers] of outline.matchAll(/([mlqz])([^mlqz]*)/g)) {
    const [a = 0, b = 0, c = 0, d = 0] = (numbers!.match(/-?\d+/g) ?? []).map(Number);
    if (step === "z") pen.close();
    else if (step === "m") pen.move(px(a), py(b));
    else if (step === "l") pen.line(px(a), py(b));
    else pen.curve(px(a), py(b), px(c), py(d));
    const [dx, dy] = step === "q" ? [c, d] : step === "z" ? [0, 0] : [a, b];
    x += dx;
    y += dy;
  }
}
