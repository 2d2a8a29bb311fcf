import { type Node, parsePattern } from "./pattern-parse.ts";

/** A compiled pattern. Always asked of lower-case text. */
export interface Pattern {
  /** Whether it is found anywhere in the text; only the first `TEXT_LENGTH_MAX` characters are looked at. */
  found(text: string): boolean;
}

export const PATTERN_LENGTH_MAX = 200;
/** Steps of the program: what `a{3}` stands for is written out. */
export const PROGRAM_LENGTH_MAX = 500;
export const TEXT_LENGTH_MAX = 1024;

/**
 * A regular expression that takes time in proportion to text × pattern, whatever they are: Thompson's simulation, which
 * walks all ways through the pattern at once and goes back over nothing (https://swtch.com/~rsc/regexp/regexp1.html).
 * What cannot be matched so (references to groups, looking around) is refused. Upper and lower case are one.
 *
 * @returns a sentence saying what is wrong when it is none
 */
export function compilePattern(source: string): Pattern | string {
  if (source.length > PATTERN_LENGTH_MAX) return `is longer than ${PATTERN_LENGTH_MAX} characters`;
  const node = parsePattern(source);
  if (typeof node === "string") return node;
  const program = programOf(node);
  if (program === null) return "repeats too much: write it shorter";
  return { found: (text) => run(program, text.slice(0, TEXT_LENGTH_MAX)) };
}

type Step =
  | { readonly kind: "sign"; readonly takes: (sign: number) => boolean; readonly next: number }
  | { readonly kind: "fork"; readonly next: number; other: number }
  | { readonly kind: "goal" }
  | {
      readonly kind: "edge";
      readonly holds: (before: number, after: number) => boolean;
      readonly next: number;
    };
type Program = readonly Step[];

/** Written from the end to the beginning, so that each step knows where it leads. Null when it grows too long. */
function programOf(node: Node): Program | null {
  const steps: Step[] = [{ kind: "goal" }];
  const add = (step: Step): number => steps.push(step) - 1;
  // Not every part becomes a step: `((){200}){200}` is work all the same.
  let written = 0;
  const isTooLong = (): boolean => steps.length > PROGRAM_LENGTH_MAX || written > WRITTEN_MAX;

  function write(part: Node, next: number): number {
    written++;
    if (isTooLong()) return next;
    switch (part.kind) {
      case "sign":
        return add({ kind: "sign", takes: part.takes, next });
      case "edge":
        return add({ kind: "edge", holds: part.holds, next });
      case "row":
        return part.parts.reduceRight((after, one) => write(one, after), next);
      case "choice":
        return part.parts
          .map((one) => write(one, next))
          .reduceRight((other, one) => add({ kind: "fork", next: one, other }));
      case "repeat":
        return repeat(part, next);
    }
  }

  function repeat({ part, min, max }: Extract<Node, { kind: "repeat" }>, next: number): number {
    let after = next;
    if (max === Number.POSITIVE_INFINITY) {
      const fork: Extract<Step, { kind: "fork" }> = { kind: "fork", next, other: next };
      after = add(fork);
      fork.other = write(part, after);
    } else {
      for (let i = min; i < max && !isTooLong(); i++)
        after = add({ kind: "fork", next, other: write(part, after) });
    }
    for (let i = 0; i < min && !isTooLong(); i++) after = write(part, after);
    return after;
  }

  // Found anywhere: the way to the beginning stays open.
  const start = write(node, 0);
  if (isTooLong()) return null;
  add({ kind: "fork", next: start, other: start });
  return steps;
}

const WRITTEN_MAX = 10_000;
const NOTHING = -1;

function run(program: Program, text: string): boolean {
  const walk = new Walk(program);
  for (let i = 0; ; ) {
    const sign = i < text.length ? text.codePointAt(i)! : NOTHING;
    if (walk.arrive(sign)) return true;
    if (sign === NOTHING) return false;
    walk.take(sign);
    i += sign > 0xffff ? 2 : 1;
  }
}

/** All ways through a program at once, from sign to sign. */
class Walk {
  readonly #program: Program;
  /** The place at which each step was walked last: so loops end. */
  readonly #seen: Int32Array;
  readonly #todo: number[] = [];
  /** Steps that wait for the sign here. */
  readonly #waiting: number[] = [];
  /** Steps behind the sign before. */
  readonly #behind: number[] = [];
  #place = 0;
  #before = NOTHING;

  constructor(program: Program) {
    this.#program = program;
    this.#seen = new Int32Array(program.length).fill(-1);
  }

  /** Follows what takes no sign. True when the goal is reached. */
  arrive(after: number): boolean {
    // A match may begin anywhere.
    this.#todo.push(this.#program.length - 1, ...this.#behind);
    while (this.#todo.length > 0) {
      const at = this.#todo.pop()!;
      if (this.#seen[at] === this.#place) continue;
      this.#seen[at] = this.#place;
      if (this.#follow(at, after)) return true;
    }
    return false;
  }

  #follow(at: number, after: number): boolean {
    const step = this.#program[at]!;
    if (step.kind === "sign") this.#waiting.push(at);
    else if (step.kind === "fork") this.#todo.push(step.next, step.other);
    else if (step.kind === "edge" && step.holds(this.#before, after)) this.#todo.push(step.next);
    return step.kind === "goal";
  }

  take(sign: number): void {
    this.#behind.length = 0;
    for (const at of this.#waiting) {
      const step = this.#program[at] as Extract<Step, { kind: "sign" }>;
      if (step.takes(sign)) this.#behind.push(step.next);
    }
    this.#waiting.length = 0;
    this.#before = sign;
    this.#place++;
  }
}
