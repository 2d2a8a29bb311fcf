import { invalid } from "../../lib/errors.ts";
import { type Code, encodeText, type Level } from "./code.ts";
import { capHeight, drawText, widthOf } from "./font.ts";
import { box, hole, type Pen } from "./pen.ts";
import { drawDots, drawEyes } from "./shapes.ts";
import { frameColoursOf, type Style } from "./style.ts";

/** What fills a shape: a colour, or a gradient of two in the drawing's units. */
export type Fill = string | Gradient;
export type Gradient = {
  readonly from: string;
  readonly to: string;
} & (
  | {
      readonly kind: "linear";
      readonly x1: number;
      readonly y1: number;
      readonly x2: number;
      readonly y2: number;
    }
  | { readonly kind: "radial"; readonly cx: number; readonly cy: number; readonly r: number }
);

export interface Shape {
  readonly fill: Fill;
  draw(pen: Pen): void;
}

/** A small picture as it is kept: PNG, and its size in pixels. */
export interface Picture {
  readonly png: Uint8Array;
  readonly width: number;
  readonly height: number;
}

/** A QR code as shapes in order, from which every format is made. One unit is one module. */
export interface Drawing {
  readonly width: number;
  readonly height: number;
  readonly background: string;
  readonly shapes: readonly Shape[];
  readonly picture: (Picture & Box) | null;
}
interface Box {
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
}

/** What each level can mend, of all codewords (ISO/IEC 18004, table 8). */
const mends: Readonly<Record<Level, number>> = { L: 0.07, M: 0.15, Q: 0.25, H: 0.3 };
/** Half of it is left to dirt and glare; and a module is a bit of a codeword of eight. */
const COVERED_MAX = 0.5;

/**
 * Draws a text as a QR code. The style has been checked.
 * @param path whose fault a text is that is too long
 * @throws AppError VALIDATION_ERROR when the text does not fit, or the logo covers too much of it
 */
export function draw(text: string, style: Style, logo: Picture | null, path: string): Drawing {
  const level = style.level ?? (logo ? "H" : "M");
  const code = encodeText(text, level, path);
  const covered = logo ? coveredBy(code, style, level) : 0;
  const frame = frameOf(style, code);
  const left = frame.border + style.margin;
  const top = frame.above + style.margin;
  return {
    width: frame.width,
    height: frame.height,
    background: style.background,
    shapes: [
      ...frame.shapes,
      {
        fill: fillOf(style, left, top, code.side),
        draw(pen) {
          drawEyes(pen, code.side, { frame: style.eyeFrame, ball: style.eyeBall ?? style.eyeFrame }, [
            left,
            top,
          ]);
          drawDots(pen, code, style.dots, [left, top], covered);
        },
      },
    ],
    picture: logo
      ? { ...logo, ...fitted(logo, left + code.side / 2, top + code.side / 2, covered - 1) }
      : null,
  };
}

/** Modules a side that the logo takes, with half a module of light around it. */
function coveredBy({ side, dataModules }: Code, { logoSize }: Style, level: Level): number {
  const wanted = Math.round((side * logoSize) / 100);
  // The side of a code is odd, so that what lies in its middle is too.
  const covered = Math.max(5, wanted % 2 === 0 ? wanted + 1 : wanted);
  const share = (covered * covered) / dataModules;
  const most = mends[level] * COVERED_MAX;
  if (share > most)
    throw invalid(
      "/logoSize",
      `logoSize would cover ${(share * 100).toFixed(1)} % of what is encoded; with error level ${level} at most ${(most * 100).toFixed(1)} % may be covered`,
    );
  return covered;
}

function fitted({ width, height }: Picture, x: number, y: number, side: number): Box {
  const scale = side / Math.max(width, height);
  const [w, h] = [width * scale, height * scale];
  return { x: x - w / 2, y: y - h / 2, w, h };
}

function fillOf(style: Style, left: number, top: number, side: number): Fill {
  const { foreground: from, gradientTo: to } = style;
  if (style.gradient === "none") return from;
  const [cx, cy, r] = [left + side / 2, top + side / 2, side / 2];
  if (style.gradient === "radial") return { kind: "radial", from, to, cx, cy, r: r * Math.SQRT2 };
  const angle = (style.gradientAngle * Math.PI) / 180;
  const [dx, dy] = [Math.cos(angle), Math.sin(angle)];
  // As long as it takes for both ends to lie beyond the corners, as CSS has it.
  const reach = r * (Math.abs(dx) + Math.abs(dy));
  return {
    kind: "linear",
    from,
    to,
    x1: cx - dx * reach,
    y1: cy - dy * reach,
    x2: cx + dx * reach,
    y2: cy + dy * reach,
  };
}

interface Frame {
  readonly width: number;
  readonly height: number;
  /** Units to the left of the quiet zone, and above it. */
  readonly border: number;
  readonly above: number;
  readonly shapes: readonly Shape[];
}

const BORDER = 1;
/** Of the width: how high the band is that the text stands in, and how high and wide the text is at most. */
const BAND = 0.18;
const TEXT_HIGH = 0.42;
const TEXT_WIDE = 0.86;

/** A border around the quiet zone, which stays as it is, and a band with the text. */
function frameOf(style: Style, { side }: Code): Frame {
  const inside = side + 2 * style.margin;
  if (style.frame === "none") return { width: inside, height: inside, border: 0, above: 0, shapes: [] };
  const width = inside + 2 * BORDER;
  const band = Math.round(width * BAND);
  const height = inside + BORDER + band;
  const above = style.frame === "above" ? band : BORDER;
  const bandTop = style.frame === "above" ? 0 : BORDER + inside;
  const { frameColor, frameTextColor } = frameColoursOf(style);
  const text = style.frameText.normalize("NFC").trim();
  const wide = widthOf(text);
  const em = Math.min((band * TEXT_HIGH) / capHeight, wide === 0 ? 0 : (width * TEXT_WIDE) / wide);
  const radii = [2, 2, 2, 2] as const;
  return {
    width,
    height,
    border: BORDER,
    above,
    shapes: [
      {
        fill: frameColor,
        draw(pen) {
          box(pen, 0, 0, width, height, radii);
          hole(pen, BORDER, above, inside, inside);
        },
      },
      {
        fill: frameTextColor,
        draw: (pen) =>
          drawText(pen, text, (width - wide * em) / 2, bandTop + (band + capHeight * em) / 2, em),
      },
    ],
  };
}
