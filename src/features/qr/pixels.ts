import type { Drawing, Fill, Gradient } from "./drawing.ts";
import { cubicOf, type Pen } from "./pen.ts";
import { rgbOf } from "./style.ts";

/** Four bytes a pixel, row by row. */
export interface Pixels {
  readonly width: number;
  readonly height: number;
  /** Red, green, blue, opacity. */
  readonly rgba: Uint8Array;
}

/**
 * The drawing in pixels. Modules are whole pixels wide, so that edges are sharp; what is left over is background
 * around. `picture` is the logo, already in the size `pictureSize` says.
 */
export function toPixels(drawing: Drawing, size: number, picture: Pixels | null): Pixels {
  const { scale, width, height, left, top } = placed(drawing, size);
  const rgba = new Uint8Array(width * height * 4);
  const [r, g, b] = rgbOf(drawing.background);
  new Uint32Array(rgba.buffer).fill(((255 << 24) | (b << 16) | (g << 8) | r) >>> 0);
  const pen = coveragePen(width, height, scale, left, top);
  for (const { fill, draw } of drawing.shapes) {
    draw(pen);
    pen.fill(rgba, painter(fill, scale, left, top));
  }
  if (picture && drawing.picture) {
    const { x, y } = drawing.picture;
    lay(picture, { width, height, rgba }, Math.round(left + x * scale), Math.round(top + y * scale));
  }
  return { width, height, rgba };
}

/** How many pixels the logo gets. */
export function pictureSize(drawing: Drawing, size: number): { width: number; height: number } {
  const { scale } = placed(drawing, size);
  const { w, h } = drawing.picture!;
  return { width: Math.max(1, Math.round(w * scale)), height: Math.max(1, Math.round(h * scale)) };
}

/** Pixels a module: with two, round shapes are no longer told from each other. */
export const moduleMin = 3;

/** @returns whole pixels a module; 0 when there is less than one */
export const moduleSize = ({ width }: Pick<Drawing, "width">, size: number): number =>
  Math.floor(size / width);

function placed(drawing: Drawing, size: number) {
  const scale = moduleSize(drawing, size);
  const height = Math.round((size * drawing.height) / drawing.width);
  return {
    scale,
    width: size,
    height,
    left: Math.floor((size - drawing.width * scale) / 2),
    top: Math.floor((height - drawing.height * scale) / 2),
  };
}

type Paint = (x: number, y: number) => number;

/** The colour of a pixel as 0xbbggrr. */
function painter(fill: Fill, scale: number, left: number, top: number): Paint {
  if (typeof fill === "string") {
    const colour = packed(rgbOf(fill));
    return () => colour;
  }
  const at = placeIn(fill);
  const steps = stepsOf(fill);
  return (x, y) => {
    const place = at((x + 0.5 - left) / scale, (y + 0.5 - top) / scale);
    return steps[place <= 0 ? 0 : place >= 1 ? STEPS : Math.round(place * STEPS)]!;
  };
}

/** How far along a gradient a point lies: 0 at its beginning, 1 at its end. */
function placeIn(gradient: Gradient): (x: number, y: number) => number {
  if (gradient.kind === "radial") {
    const { cx, cy, r } = gradient;
    return (x, y) => Math.hypot(x - cx, y - cy) / r;
  }
  const { x1, y1, x2, y2 } = gradient;
  const [dx, dy] = [x2 - x1, y2 - y1];
  const length = dx * dx + dy * dy;
  return (x, y) => ((x - x1) * dx + (y - y1) * dy) / length;
}

const STEPS = 255;
function stepsOf({ from, to }: Gradient): Uint32Array {
  const [a, b] = [rgbOf(from), rgbOf(to)];
  return Uint32Array.from({ length: STEPS + 1 }, (_, i) =>
    packed(
      a.map((value, k) => Math.round(value + ((b[k]! - value) * i) / STEPS)) as [number, number, number],
    ),
  );
}

const packed = ([r, g, b]: readonly [number, number, number]): number => (b << 16) | (g << 8) | r;

/** Puts one picture over another, by its opacity. */
function lay(picture: Pixels, onto: Pixels, left: number, top: number): void {
  for (let y = 0; y < picture.height; y++)
    for (let x = 0; x < picture.width; x++) {
      const from = (y * picture.width + x) * 4;
      const to = ((top + y) * onto.width + left + x) * 4;
      const opacity = picture.rgba[from + 3]! / 255;
      for (let i = 0; i < 3; i++)
        onto.rgba[to + i] = Math.round(
          onto.rgba[to + i]! * (1 - opacity) + picture.rgba[from + i]! * opacity,
        );
    }
}

interface CoveragePen extends Pen {
  /** Paints what was drawn since the last time. */
  fill(rgba: Uint8Array, paint: Paint): void;
}

/**
 * Collects how much of each pixel lies inside a path, exactly: every edge adds the area it leaves to its right, and a
 * sum along the row makes coverage of it. Neighbours that touch leave no seam.
 */
function coveragePen(width: number, height: number, scale: number, left: number, top: number): CoveragePen {
  const stride = width + 2;
  const areas = new Float32Array(stride * height);
  let [firstX, firstY, lastX, lastY] = [0, 0, 0, 0];
  let [rowMin, rowMax] = [height, 0];

  function edge(toX: number, toY: number): void {
    const [fromX, fromY] = [lastX, lastY];
    [lastX, lastY] = [toX, toY];
    if (fromY === toY) return;
    const down = fromY < toY;
    const [x0, y0, x1, y1] = down ? [fromX, fromY, toX, toY] : [toX, toY, fromX, fromY];
    const slope = (x1 - x0) / (y1 - y0);
    const [first, end] = [Math.floor(y0), Math.ceil(y1)];
    if (first < rowMin) rowMin = first;
    if (end > rowMax) rowMax = end;
    let x = x0;
    for (let row = first; row < end; row++) {
      const high = Math.min(row + 1, y1) - Math.max(row, y0);
      const next = x + slope * high;
      spread(row * stride, Math.min(x, next), Math.max(x, next), down ? high : -high);
      x = next;
    }
  }

  /** Adds an edge of one row that runs from `x0` to `x1` and is `high` of it. */
  function spread(row: number, x0: number, x1: number, high: number): void {
    const first = Math.floor(x0);
    const end = Math.ceil(x1);
    if (end <= first + 1) {
      const right = high * ((x0 + x1) / 2 - first);
      areas[row + first]! += high - right;
      areas[row + first + 1]! += right;
      return;
    }
    // It crosses several pixels: what lies to the right of it grows with each.
    const slope = high / (x1 - x0);
    let before = 0;
    for (let x = first; x < end; x++) {
      const [from, to] = [Math.max(x0, x), Math.min(x1, x + 1)];
      const inside = slope * (to - from) * (x + 1 - (from + to) / 2);
      const covered = slope * (from - x0) + inside;
      areas[row + x]! += covered - before;
      before = covered;
    }
    areas[row + end]! += high - before;
  }

  const px = (x: number): number => left + x * scale;
  const py = (y: number): number => top + y * scale;
  const pen: CoveragePen = {
    move(x, y) {
      [firstX, firstY] = [lastX, lastY] = [px(x), py(y)];
    },
    line: (x, y) => edge(px(x), py(y)),
    corner(cx, cy, x, y) {
      const [fromX, fromY, toX, toY] = [lastX, lastY, px(x), py(y)];
      const [ax, ay, bx, by] = cubicOf(fromX, fromY, px(cx), py(cy), toX, toY);
      const parts = partsOf(Math.abs(toX - fromX) + Math.abs(toY - fromY));
      for (let i = 1; i < parts; i++) {
        const t = i / parts;
        const u = 1 - t;
        const [a, b, c, d] = [u * u * u, 3 * u * u * t, 3 * u * t * t, t * t * t];
        edge(a * fromX + b * ax + c * bx + d * toX, a * fromY + b * ay + c * by + d * toY);
      }
      edge(toX, toY);
    },
    curve(cx, cy, x, y) {
      const [fromX, fromY, overX, overY, toX, toY] = [lastX, lastY, px(cx), py(cy), px(x), py(y)];
      const parts = partsOf(Math.abs(toX - fromX) + Math.abs(toY - fromY));
      for (let i = 1; i < parts; i++) {
        const t = i / parts;
        const [a, b, c] = [(1 - t) ** 2, 2 * t * (1 - t), t * t];
        edge(a * fromX + b * overX + c * toX, a * fromY + b * overY + c * toY);
      }
      edge(toX, toY);
    },
    close: () => edge(firstX, firstY),
    fill(rgba, paint) {
      for (let y = rowMin; y < rowMax; y++) fillRow(rgba, areas, y, width, stride, paint);
      areas.fill(0, rowMin * stride, rowMax * stride);
      [rowMin, rowMax] = [height, 0];
    },
  };
  return pen;
}

/** Straight pieces that a curve of so many pixels is made of: none is a quarter of a pixel off. */
const partsOf = (length: number): number => Math.min(64, Math.max(3, Math.ceil(Math.sqrt(length) * 1.5)));

function fillRow(
  rgba: Uint8Array,
  areas: Float32Array,
  y: number,
  width: number,
  stride: number,
  paint: Paint,
): void {
  let sum = 0;
  for (let x = 0; x < width; x++) {
    sum += areas[y * stride + x]!;
    const coverage = Math.min(1, Math.abs(sum));
    if (coverage < HARDLY) continue;
    const colour = paint(x, y);
    const at = (y * width + x) * 4;
    for (let i = 0; i < 3; i++) {
      const value = (colour >> (8 * i)) & 255;
      rgba[at + i] =
        coverage > 1 - HARDLY ? value : Math.round(rgba[at + i]! * (1 - coverage) + value * coverage);
    }
  }
}

const HARDLY = 1 / 512;
