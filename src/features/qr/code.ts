import { encode } from "uqr";
import { invalid } from "../../lib/errors.ts";

/** Error correction levels, weakest first. */
export const levels = ["L", "M", "Q", "H"] as const;
export type Level = (typeof levels)[number];

/** What a QR code says, as a grid of modules (ISO/IEC 18004). */
export interface Code {
  /** Modules a side: 21 to 177. */
  readonly side: number;
  /** 1 where a module is dark, row by row. */
  readonly dark: Uint8Array;
  /** 1 in the small patterns inside the code that scanners set it straight by. */
  readonly alignment: Uint8Array;
  /** How many modules carry data or its correction; the others are the pattern that scanners look for. */
  readonly dataModules: number;
}

/**
 * Encodes a text. The library tries all eight masks by itself in ten times the time of everything else, so it is asked
 * for one, and the best is found here.
 * @throws AppError VALIDATION_ERROR naming `path` when the text is too long for the level
 */
export function encodeText(text: string, level: Level, path: string): Code {
  try {
    const first = grid(text, level, 0);
    const { size, types } = first;
    const free = cells(size, (x, y) => types[y]![x] === DATA);
    const dark = flat(first.data, size);
    const mask = bestMask(dark, free, size);
    return {
      side: size,
      dark: mask === 0 ? dark : flat(grid(text, level, mask).data, size),
      alignment: cells(size, (x, y) => types[y]![x] === ALIGNMENT),
      dataModules: free.reduce((sum, one) => sum + one, 0),
    };
  } catch (error) {
    if ((error as Error).message !== "Data too long") throw error;
    throw invalid(path, `${path.slice(1)} is too long for a QR code with error level ${level}`);
  }
}

/** What the library calls kinds of modules. */
const DATA = 0;
const ALIGNMENT = 4;

const grid = (text: string, ecc: Level, maskPattern: number) =>
  encode(text, { ecc, maskPattern, border: 0, boostEcc: false });

const flat = (rows: readonly (readonly boolean[])[], side: number): Uint8Array =>
  cells(side, (x, y) => rows[y]![x]!);

function cells(side: number, isSet: (x: number, y: number) => boolean): Uint8Array {
  const all = new Uint8Array(side * side);
  for (let y = 0, i = 0; y < side; y++) for (let x = 0; x < side; x++, i++) all[i] = isSet(x, y) ? 1 : 0;
  return all;
}

/** The eight masks of the standard (7.8.2): a data module is turned over where they answer true. */
const masks: readonly ((x: number, y: number) => boolean)[] = [
  (x, y) => (x + y) % 2 === 0,
  (_, y) => y % 2 === 0,
  (x) => x % 3 === 0,
  (x, y) => (x + y) % 3 === 0,
  (x, y) => (Math.floor(x / 3) + Math.floor(y / 2)) % 2 === 0,
  (x, y) => ((x * y) % 2) + ((x * y) % 3) === 0,
  (x, y) => (((x * y) % 2) + ((x * y) % 3)) % 2 === 0,
  (x, y) => (((x + y) % 2) + ((x * y) % 3)) % 2 === 0,
];

/** All of them repeat after twelve modules, both ways: 1 where a module is turned over other than by the first. */
const PERIOD = 12;
const turns = masks.map((mask) =>
  Uint8Array.from({ length: PERIOD * PERIOD }, (_, i) => {
    const [x, y] = [i % PERIOD, Math.floor(i / PERIOD)];
    return mask(x, y) === masks[0]!(x, y) ? 0 : 1;
  }),
);

/** The mask with the fewest penalties (7.8.3). `dark` is masked with the first. */
function bestMask(dark: Uint8Array, free: Uint8Array, side: number): number {
  const tried = new Uint8Array(dark.length);
  let best = 0;
  let fewest = Number.POSITIVE_INFINITY;
  for (let mask = 0; mask < turns.length; mask++) {
    const turn = turns[mask]!;
    for (let y = 0, i = 0; y < side; y++) {
      const row = (y % PERIOD) * PERIOD;
      for (let x = 0, at = 0; x < side; x++, i++) {
        tried[i] = dark[i]! ^ (free[i]! & turn[row + at]!);
        at = at === PERIOD - 1 ? 0 : at + 1;
      }
    }
    const penalty = penaltyOf(tried, side, fewest);
    if (penalty < fewest) {
      best = mask;
      fewest = penalty;
    }
  }
  return best;
}

/** @param enough more than that is of no interest */
function penaltyOf(cells: Uint8Array, side: number, enough: number): number {
  let penalty = 0;
  let dark = 0;
  for (let i = 0; i < side && penalty < enough; i++) {
    penalty += linePenalty(cells, i * side, 1, side) + linePenalty(cells, i, side, side);
    const end = (i + 1) * side - 1;
    for (let at = i * side; at < end; at++) {
      dark += cells[at]!;
      if (i + 1 === side) continue;
      const sum = cells[at]! + cells[at + 1]! + cells[at + side]! + cells[at + side + 1]!;
      if (sum === 0 || sum === 4) penalty += 3;
    }
    dark += cells[end]!;
  }
  return penalty + Math.floor(Math.abs((dark * 20) / cells.length - 10)) * 10;
}

/** Runs of five and more, and what looks like an eye (1:1:3:1:1 with four light modules beside it), in one line. */
function linePenalty(cells: Uint8Array, from: number, step: number, side: number): number {
  let penalty = 0;
  let run = 0;
  let last = 2;
  let seen = 0;
  for (let i = 0, at = from; i < side; i++, at += step) {
    const cell = cells[at]!;
    run = cell === last ? run + 1 : 1;
    last = cell;
    if (run === 5) penalty += 3;
    else if (run > 5) penalty += 1;
    seen = ((seen << 1) | cell) & 0x7ff;
    if (i >= 10 && (seen === 0b00001011101 || seen === 0b10111010000)) penalty += 40;
  }
  return penalty;
}
