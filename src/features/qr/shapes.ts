import type { Code } from "./code.ts";
import { box, evenly, hole, type Pen, type Radii, sharp } from "./pen.ts";
import type { DotShape, EyeShape } from "./style.ts";

/** Modules a side of the three patterns that scanners find a code by. */
const EYE = 7;

/** Whether a module is dark and is one of those drawn singly: no part of an eye, and not under the logo. */
type IsDrawn = (x: number, y: number) => boolean;

/**
 * Draws the modules of a code one unit wide, its left upper corner at (left, top).
 * @param logo modules a side that are left out in the middle
 */
export function drawDots(
  pen: Pen,
  code: Code,
  shape: DotShape,
  [left, top]: readonly [number, number],
  logo: number,
): void {
  const { side, alignment } = code;
  const isDrawn = singles(code, logo);
  const drawn: Drawn = { pen, side, left, top, isDrawn };
  if (shape === "square") {
    drawRuns(drawn, 1, 0);
    return;
  }
  if (shape === "rounded" || shape === "classy") {
    drawEach(drawn, shape);
    return;
  }
  // They are looked for like the eyes: taken apart into dots, they are not found.
  const isAlignment: IsDrawn = (x, y) => alignment[y * side + x] === 1 && isDrawn(x, y);
  drawRuns({ ...drawn, isDrawn: isAlignment }, 1, 0);
  const dots: Drawn = { ...drawn, isDrawn: (x, y) => isDrawn(x, y) && !isAlignment(x, y) };
  if (shape === "dots") drawEach(dots, shape);
  else if (shape === "horizontal") drawRuns(dots, BAR, BAR / 2);
  else drawRuns(dots, BAR, BAR / 2, "down");
}

function singles({ side, dark }: Code, logo: number): IsDrawn {
  const [from, to] = [(side - logo) / 2, (side + logo) / 2];
  const isInside = (at: number): boolean => at >= 0 && at < side;
  const isCovered = (at: number): boolean => at >= from && at < to;
  return (x, y) =>
    isInside(x) &&
    isInside(y) &&
    dark[y * side + x] === 1 &&
    !isEye(x, y, side) &&
    !(isCovered(x) && isCovered(y));
}

const isEye = (x: number, y: number, side: number): boolean =>
  (x < EYE && (y < EYE || y >= side - EYE)) || (x >= side - EYE && y < EYE);

interface Drawn {
  readonly pen: Pen;
  readonly side: number;
  readonly left: number;
  readonly top: number;
  readonly isDrawn: IsDrawn;
}

const BAR = 0.86;
const DOT = 0.92;

/** Neighbours in a row (or, going down, in a column) become one box: fewer edges, and no seams between them. */
function drawRuns(
  { pen, side, left, top, isDrawn }: Drawn,
  thick: number,
  radius: number,
  way = "right",
): void {
  const gap = (1 - thick) / 2;
  const isThere: IsDrawn = way === "right" ? isDrawn : (at, line) => isDrawn(line, at);
  for (let line = 0; line < side; line++)
    for (let at = 0; at < side; at++) {
      const begin = at;
      while (isThere(at, line)) at++;
      const length = at - begin - 2 * gap;
      if (at === begin) continue;
      if (way === "right") box(pen, left + begin + gap, top + line + gap, length, thick, evenly(radius));
      else box(pen, left + line + gap, top + begin + gap, thick, length, evenly(radius));
    }
}

type Dot = "rounded" | "dots" | "classy";

function drawEach({ pen, side, left, top, isDrawn }: Drawn, shape: Dot): void {
  for (let y = 0; y < side; y++)
    for (let x = 0; x < side; x++)
      if (isDrawn(x, y)) drawDot(pen, shape, left + x, top + y, neighbours(isDrawn, x, y));
}

interface Neighbours {
  readonly up: boolean;
  readonly right: boolean;
  readonly down: boolean;
  readonly left: boolean;
}
const neighbours = (isDrawn: IsDrawn, x: number, y: number): Neighbours => ({
  up: isDrawn(x, y - 1),
  right: isDrawn(x + 1, y),
  down: isDrawn(x, y + 1),
  left: isDrawn(x - 1, y),
});

function drawDot(pen: Pen, shape: Dot, x: number, y: number, { up, right, down, left }: Neighbours): void {
  if (shape === "dots") {
    const gap = (1 - DOT) / 2;
    box(pen, x + gap, y + gap, DOT, DOT, evenly(DOT / 2));
    return;
  }
  const round = (isTaken: boolean): number => (isTaken ? 0 : 0.5);
  const radii: Radii =
    shape === "rounded"
      ? [round(up || left), round(up || right), round(down || right), round(down || left)]
      : [round(up || left), 0, round(down || right), 0];
  box(pen, x, y, 1, 1, radii);
}

/** Draws the three eyes of a code. What is drawn in which frame was chosen by what decoders find. */
export function drawEyes(
  pen: Pen,
  side: number,
  { frame, ball }: { readonly frame: EyeShape; readonly ball: EyeShape },
  [left, top]: readonly [number, number],
): void {
  const far = side - EYE;
  const outside = { square: sharp, rounded: evenly(2.2), circle: evenly(3.5) }[frame];
  const inside = { square: sharp, rounded: evenly(1.2), circle: evenly(2.5) }[frame];
  // A circle in a frame with corners is drawn a little larger, so that it is three modules thick on the average.
  const thick = ball === "circle" && frame !== "circle" ? 3.3 : 3;
  const radius = { square: 0, rounded: frame === "square" ? 0.3 : 0.9, circle: thick / 2 }[ball];
  const gap = (EYE - thick) / 2;
  for (const [x, y] of [
    [left, top],
    [left + far, top],
    [left, top + far],
  ] as const) {
    box(pen, x, y, EYE, EYE, outside);
    hole(pen, x + 1, y + 1, EYE - 2, EYE - 2, inside);
    box(pen, x + gap, y + gap, thick, thick, evenly(radius));
  }
}
