/** A pattern as a tree. */
export type Node =
  | { readonly kind: "sign"; readonly takes: (sign: number) => boolean }
  /** Takes nothing and looks at the signs around; -1 stands for the end of the text. */
  | { readonly kind: "edge"; readonly holds: (before: number, after: number) => boolean }
  | { readonly kind: "row"; readonly parts: readonly Node[] }
  | { readonly kind: "choice"; readonly parts: readonly Node[] }
  | { readonly kind: "repeat"; readonly part: Node; readonly min: number; readonly max: number };

const DEPTH_MAX = 50;
const REPEAT_MAX = 200;

/** Parses what JavaScript knows too, but for what goes back over the text. A sentence when it is not understood. */
export function parsePattern(source: string): Node | string {
  try {
    return new Parser(source).whole();
  } catch (error) {
    if (error instanceof Refused) return error.message;
    throw error;
  }
}

class Refused extends Error {}

/** Signs from one to another, both included. */
type Range = readonly [from: number, to: number];

class Parser {
  readonly #signs: readonly string[];
  #at = 0;
  #depth = 0;

  constructor(source: string) {
    this.#signs = [...source];
  }

  whole(): Node {
    const node = this.#choice();
    if (this.#at < this.#signs.length) throw new Refused('holds a ")" that closes nothing');
    return node;
  }

  #choice(): Node {
    const parts = [this.#row()];
    while (this.#take("|")) parts.push(this.#row());
    return parts.length === 1 ? parts[0]! : { kind: "choice", parts };
  }

  #row(): Node {
    const parts: Node[] = [];
    for (let sign = this.#peek(); sign !== undefined && sign !== "|" && sign !== ")"; sign = this.#peek())
      parts.push(this.#repeated());
    return { kind: "row", parts };
  }

  #repeated(): Node {
    const part = this.#one();
    const times = this.#times();
    if (times === null) return part;
    if (part.kind === "edge") throw new Refused("repeats what takes no character");
    // Lazy or greedy, it is found in the same texts.
    this.#take("?");
    if (this.#times() !== null) throw new Refused("repeats a repetition");
    return { kind: "repeat", part, ...times };
  }

  #times(): { min: number; max: number } | null {
    if (this.#take("*")) return { min: 0, max: Number.POSITIVE_INFINITY };
    if (this.#take("+")) return { min: 1, max: Number.POSITIVE_INFINITY };
    if (this.#take("?")) return { min: 0, max: 1 };
    if (this.#peek() !== "{") return null;
    const match = /^\{(\d{1,4})(?:(,)(\d{1,4})?)?\}/.exec(
      this.#signs.slice(this.#at, this.#at + 12).join(""),
    );
    if (match === null) throw new Refused('holds a "{" that counts nothing: write \\{');
    this.#at += match[0].length;
    const min = Number(match[1]);
    const max =
      match[2] === undefined ? min : match[3] === undefined ? Number.POSITIVE_INFINITY : Number(match[3]);
    if (max < min) throw new Refused(`repeats from ${min} to ${max} times`);
    if (min > REPEAT_MAX || (Number.isFinite(max) && max > REPEAT_MAX))
      throw new Refused(`repeats more than ${REPEAT_MAX} times`);
    return { min, max };
  }

  #one(): Node {
    const sign = this.#signs[this.#at++]!;
    switch (sign) {
      case "(":
        return this.#group();
      case "[":
        return this.#class();
      case ".":
        return { kind: "sign", takes: (one) => !isLineEnd(one) };
      case "^":
        return { kind: "edge", holds: (before) => before < 0 };
      case "$":
        return { kind: "edge", holds: (_, after) => after < 0 };
      case "\\":
        return this.#escape();
      case "*":
      case "+":
      case "?":
      case "{":
        throw new Refused(`holds a "${sign}" that repeats nothing`);
      case "]":
      case "}":
        throw new Refused(`holds a "${sign}" that closes nothing: write \\${sign}`);
      default:
        return takesOf([rangeOf(sign)], false);
    }
  }

  #group(): Node {
    if (this.#take("?") && !this.#take(":"))
      throw new Refused("looks around, names a group or sets flags, which patterns here cannot");
    if (++this.#depth > DEPTH_MAX) throw new Refused(`holds more than ${DEPTH_MAX} groups in each other`);
    const node = this.#choice();
    if (!this.#take(")")) throw new Refused('holds a "(" that is not closed');
    this.#depth--;
    return node;
  }

  #escape(): Node {
    const sign = this.#signs[this.#at++];
    if (sign === undefined) throw new Refused('ends with a "\\"');
    if (sign === "b") return { kind: "edge", holds: (before, after) => isWord(before) !== isWord(after) };
    if (sign === "B") return { kind: "edge", holds: (before, after) => isWord(before) === isWord(after) };
    if (/[1-9k]/.test(sign)) throw new Refused("refers back to a group, which patterns here cannot");
    const many = classes[sign];
    return many === undefined ? takesOf([this.#escaped(sign)], false) : takesOf(many.ranges, many.negated);
  }

  /** One sign behind a backslash. */
  #escaped(sign: string): Range {
    const control = controls[sign];
    if (control !== undefined) return [control, control];
    if (/[a-z0-9]/i.test(sign)) throw new Refused(`holds \\${sign}, which is not known here`);
    return rangeOf(sign);
  }

  #class(): Node {
    const negated = this.#take("^");
    const ranges: Range[] = [];
    while (!this.#take("]")) ranges.push(...this.#member());
    return takesOf(ranges, negated);
  }

  /** A sign, a range of signs, or `\d` and its like. */
  #member(): readonly Range[] {
    const from = this.#inClass();
    if (from === null) {
      const { ranges, negated } = classes[this.#signs[this.#at - 1]!]!;
      return negated ? complement(ranges) : ranges;
    }
    if (this.#peek() !== "-" || this.#signs[this.#at + 1] === "]") return [from];
    this.#at++;
    const to = this.#inClass();
    if (to === null || to[0] < from[0]) throw new Refused("holds a range that ends before it begins");
    return [[from[0], to[0]]];
  }

  /** One sign inside brackets; null for `\d` and its like. */
  #inClass(): Range | null {
    const sign = this.#signs[this.#at++];
    if (sign === undefined) throw new Refused('holds a "[" that is not closed');
    if (sign !== "\\") return rangeOf(sign);
    const escaped = this.#signs[this.#at++];
    if (escaped === undefined) throw new Refused('ends with a "\\"');
    if (classes[escaped] !== undefined) return null;
    return escaped === "b" ? [8, 8] : this.#escaped(escaped);
  }

  #peek(): string | undefined {
    return this.#signs[this.#at];
  }

  #take(sign: string): boolean {
    if (this.#signs[this.#at] !== sign) return false;
    this.#at++;
    return true;
  }
}

const rangeOf = (sign: string): Range => [sign.codePointAt(0)!, sign.codePointAt(0)!];

const isLineEnd = (sign: number): boolean => sign === 10 || sign === 13 || sign === 0x2028 || sign === 0x2029;
const isWord = (sign: number): boolean =>
  (sign >= 97 && sign <= 122) || (sign >= 65 && sign <= 90) || (sign >= 48 && sign <= 57) || sign === 95;

const digits: readonly Range[] = [[48, 57]];
const word: readonly Range[] = [
  [48, 57],
  [65, 90],
  [95, 95],
  [97, 122],
];
const space: readonly Range[] = [
  [9, 13],
  [32, 32],
  [0xa0, 0xa0],
  [0x1680, 0x1680],
  [0x2000, 0x200a],
  [0x2028, 0x2029],
  [0x202f, 0x202f],
  [0x205f, 0x205f],
  [0x3000, 0x3000],
  [0xfeff, 0xfeff],
];
const classes: Readonly<Record<string, { ranges: readonly Range[]; negated: boolean }>> = {
  d: { ranges: digits, negated: false },
  D: { ranges: digits, negated: true },
  w: { ranges: word, negated: false },
  W: { ranges: word, negated: true },
  s: { ranges: space, negated: false },
  S: { ranges: space, negated: true },
};
const controls: Readonly<Record<string, number>> = { t: 9, n: 10, v: 11, f: 12, r: 13 };

function complement(ranges: readonly Range[]): Range[] {
  const sorted = ranges.toSorted(([a], [b]) => a - b);
  const gaps: Range[] = [];
  let from = 0;
  for (const [first, last] of sorted) {
    if (first > from) gaps.push([from, first - 1]);
    from = Math.max(from, last + 1);
  }
  return [...gaps, [from, 0x10ffff]];
}

/** Looks a sign up: ASCII in a table. Case is one, so a sign is taken when its capital is. */
function takesOf(ranges: readonly Range[], negated: boolean): Node {
  const isIn = (sign: number): boolean => ranges.some(([from, to]) => sign >= from && sign <= to);
  const either = (sign: number): boolean => {
    if (isIn(sign)) return true;
    const text = String.fromCodePoint(sign);
    return [text.toLowerCase(), text.toUpperCase()].some(
      (other) => other.length === text.length && other !== text && isIn(other.codePointAt(0)!),
    );
  };
  const table = Uint8Array.from({ length: 128 }, (_, sign) => Number(either(sign) !== negated));
  return {
    kind: "sign",
    takes: (sign) => (sign < 128 ? table[sign] === 1 : either(sign) !== negated),
  };
}
