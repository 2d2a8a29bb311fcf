import type { Visitor } from "../visitor.ts";
import type { Compiled } from "./compile.ts";
import { isLeaf, type Leaf } from "./condition.ts";
import { fields } from "./fields.ts";
import { FALSE, TRUE, type Truth, UNKNOWN } from "./truth.ts";
import { wallClock, weekdays } from "./zone.ts";

export type Word = "true" | "false" | "unknown";
export const wordOf = (truth: Truth): Word =>
  truth === TRUE ? "true" : truth === FALSE ? "false" : "unknown";

/** One condition of a rule, and what came of it. */
export interface Asked {
  readonly path: string;
  readonly condition: Leaf;
  readonly result: Word;
  /** What the visitor has there. */
  readonly given: unknown;
  /** What would have to be there to know it; null when it is known. */
  readonly needs: string | null;
}

export interface Explained {
  readonly result: Word;
  /** Path of the condition that settled it; of the whole group where all had a part in it. */
  readonly decidedBy: string;
  readonly conditions: readonly Asked[];
}

/** Why a tree holds or does not, by the very tests the redirect asks. */
export function explain(compiled: Compiled, visitor: Visitor): Explained {
  return {
    result: wordOf(compiled.test(visitor)),
    decidedBy: decider(compiled, visitor),
    conditions: leaves(compiled).map(({ path, test, condition }) => {
      const leaf = condition as Leaf;
      const truth = test(visitor);
      const { needs = null } = fields[leaf.field] ?? { needs: "a later version of this program" };
      return {
        path,
        condition: leaf,
        result: wordOf(truth),
        given: given(leaf, visitor),
        needs: truth === UNKNOWN ? (needs ?? "the visitor's time zone, which a place database tells") : null,
      };
    }),
  };
}

const leaves = (compiled: Compiled): readonly Compiled[] =>
  isLeaf(compiled.condition) ? [compiled] : compiled.parts.flatMap(leaves);

function decider({ condition, path, test, parts }: Compiled, visitor: Visitor): string {
  if (isLeaf(condition)) return path;
  if ("not" in condition) return decider(parts[0]!, visitor);
  const truth = test(visitor);
  const settles = "all" in condition ? FALSE : TRUE;
  if (truth !== UNKNOWN && truth !== settles) return parts.length === 1 ? decider(parts[0]!, visitor) : path;
  return decider(parts.find((part) => part.test(visitor) === truth)!, visitor);
}

function given(leaf: Leaf, visitor: Visitor): unknown {
  const field = fields[leaf.field];
  if (field === undefined) return null;
  if ("read" in field) return field.read(visitor, leaf);
  switch (field.kind) {
    case "language":
      return visitor.languages;
    case "location":
      return visitor.place && { latitude: visitor.place.latitude, longitude: visitor.place.longitude };
    case "date":
      return new Date(visitor.at).toISOString();
    default:
      return clock(leaf, visitor);
  }
}

function clock({ timezone = "UTC" }: Leaf, { at, place }: Visitor): string | null {
  const zone = timezone === "visitor" ? place?.timeZone : timezone;
  if (!zone) return null;
  const { weekday, minute } = wallClock(at, zone);
  const two = (number: number) => String(number).padStart(2, "0");
  return `${weekdays[weekday]} ${two(Math.floor(minute / 60))}:${two(minute % 60)}`;
}
