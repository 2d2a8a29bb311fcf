/**
 * Draws a path: the one language that shapes are written in, and that SVG, PDF and pixels are made of. Outlines run
 * clockwise, holes the other way; `y` points down.
 */
export interface Pen {
  move(x: number, y: number): void;
  line(x: number, y: number): void;
  /** A quarter of a circle to (x, y), bent around the corner (cx, cy). */
  corner(cx: number, cy: number, x: number, y: number): void;
  /** A quadratic curve to (x, y). */
  curve(cx: number, cy: number, x: number, y: number): void;
  close(): void;
}

/** How far each corner of a box is rounded: top left, top right, bottom right, bottom left. */
export type Radii = readonly [number, number, number, number];
export const sharp: Radii = [0, 0, 0, 0];
export const evenly = (radius: number): Radii => [radius, radius, radius, radius];

/** A box with rounded corners, clockwise. */
export function box(pen: Pen, x: number, y: number, w: number, h: number, radii: Radii = sharp): void {
  const [tl, tr, br, bl] = radii;
  const [right, bottom] = [x + w, y + h];
  pen.move(x + tl, y);
  pen.line(right - tr, y);
  if (tr > 0) pen.corner(right, y, right, y + tr);
  pen.line(right, bottom - br);
  if (br > 0) pen.corner(right, bottom, right - br, bottom);
  pen.line(x + bl, bottom);
  if (bl > 0) pen.corner(x, bottom, x, bottom - bl);
  pen.line(x, y + tl);
  if (tl > 0) pen.corner(x, y, x + tl, y);
  pen.close();
}

/** The same counter-clockwise: a hole in what was drawn around it. */
export function hole(pen: Pen, x: number, y: number, w: number, h: number, radii: Radii = sharp): void {
  const [tl, tr, br, bl] = radii;
  const [right, bottom] = [x + w, y + h];
  pen.move(x + tl, y);
  if (tl > 0) pen.corner(x, y, x, y + tl);
  pen.line(x, bottom - bl);
  if (bl > 0) pen.corner(x, bottom, x + bl, bottom);
  pen.line(right - br, bottom);
  if (br > 0) pen.corner(right, bottom, right, bottom - br);
  pen.line(right, y + tr);
  if (tr > 0) pen.corner(right, y, right - tr, y);
  pen.close();
}

/** The control points of a cubic curve that is a quarter of a circle, to 0.03 %. */
const ROUND = 0.5522847498;
export const cubicOf = (fromX: number, fromY: number, cx: number, cy: number, x: number, y: number) =>
  [
    fromX + (cx - fromX) * ROUND,
    fromY + (cy - fromY) * ROUND,
    x + (cx - x) * ROUND,
    y + (cy - y) * ROUND,
  ] as const;
