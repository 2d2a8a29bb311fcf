import { withQuery } from "./location.ts";
import { type Compiled, compileCondition } from "./rules/compile.ts";
import { type Condition, leavesOf } from "./rules/condition.ts";
import { stickyNumber } from "./rules/sticky.ts";
import { TRUE } from "./rules/truth.ts";
import type { Choice, VisitorNeeds } from "./snapshot.ts";
import type { Visitor } from "./visitor.ts";

/** Visitors shared out among destinations, as it is stored for the redirect. */
export interface StoredSplit {
  readonly variants: readonly StoredVariant[];
  /** Where everybody goes since it was finished; null before. */
  readonly winnerId: string | null;
}
export interface StoredVariant {
  readonly id: string;
  readonly destinationUrl: string;
  /** Of the sum of all weights. */
  readonly weight: number;
}

/** A rule as it is stored for the redirect: only those that are switched on, in their order. */
export interface StoredRule {
  readonly id: string;
  readonly conditions: Condition;
  readonly destinationUrl: string;
  readonly forwardQuery?: boolean;
  readonly forwardUtm?: boolean;
  readonly utm?: Readonly<Record<string, string | null | undefined>>;
  readonly split?: StoredSplit;
}
export interface StoredRules {
  readonly rules: readonly StoredRule[];
  /** Of the link itself, for whomever no rule has chosen. */
  readonly split: StoredSplit | null;
}

/** What stands around the rules. */
export interface RulesHome {
  /** The link or campaign: splits of two of them share visitors out in two ways. */
  readonly parentId: string;
  /** What the link does where a rule says nothing: all of the visitor's query, and its campaign parameters. */
  readonly forwardQuery: boolean;
  readonly forwardUtm: boolean;
  readonly utm: StoredRule["utm"] | null;
  /** Whether the split of the link itself is asked: not where only rules may say. */
  readonly ownSplit: boolean;
  /** Tells destinations that would come back to us. */
  loops(location: string): boolean;
}

export interface CompiledRule {
  readonly id: string;
  readonly condition: Compiled;
  choose(visitor: Visitor): Choice;
}
export interface CompiledRules {
  readonly rules: readonly CompiledRule[];
  /** The first rule that holds wins, then the split of the link; null when neither says. */
  choose(visitor: Visitor): Choice | null;
  readonly needs: VisitorNeeds;
}

/** Compiles the rules of a link once, for every visit that is to come. */
export function compileRules(stored: StoredRules, home: RulesHome): CompiledRules {
  const rules = stored.rules.flatMap((rule) => compileRule(rule, home));
  const own =
    stored.split && home.ownSplit
      ? shareOut(stored.split, home.parentId, home, (location) => withQuery(location, utmQuery(home.utm)))
      : null;
  const handsOn = handingOn(home);
  return {
    rules,
    choose(visitor) {
      for (const rule of rules) if (rule.condition.test(visitor) === TRUE) return rule.choose(visitor);
      const variant = own?.(visitor);
      return variant ? choiceOf("", variant, handsOn) : null;
    },
    needs: needsOf(stored),
  };
}

/** A rule that would lead back to us leads nowhere: it is left out, as if it were switched off. */
function compileRule(rule: StoredRule, home: RulesHome): CompiledRule[] {
  const adorned = (location: string): string => withQuery(location, utmQuery(rule.utm ?? home.utm));
  const location = adorned(rule.destinationUrl);
  if (home.loops(location)) return [];
  const handsOn = handingOn({
    forwardQuery: rule.forwardQuery ?? home.forwardQuery,
    // A rule that says all or nothing means the campaign's parameters too, unless it says so.
    forwardUtm: rule.forwardUtm ?? rule.forwardQuery ?? home.forwardUtm,
  });
  const whole: Variant = { id: "", location, upTo: 1 };
  const share = rule.split ? shareOut(rule.split, rule.id, home, adorned) : null;
  return [
    {
      id: rule.id,
      condition: compileCondition(rule.conditions),
      choose: (visitor) => choiceOf(rule.id, share?.(visitor) ?? whole, handsOn),
    },
  ];
}

type HandingOn = Required<Pick<Choice, "forwardQuery" | "forwardOnly">>;

/** What the two switches mean together. */
const handingOn = ({
  forwardQuery,
  forwardUtm,
}: {
  forwardQuery: boolean;
  forwardUtm: boolean;
}): HandingOn =>
  forwardQuery === forwardUtm
    ? { forwardQuery, forwardOnly: null }
    : { forwardQuery: false, forwardOnly: forwardUtm ? "campaign" : "others" };

interface Variant {
  readonly id: string;
  readonly location: string;
  /** Visitors whose number lies below go here, unless an earlier one has taken them. */
  readonly upTo: number;
}

const choiceOf = (ruleId: string, { id, location }: Variant, handsOn: HandingOn): Choice => ({
  ruleId,
  variantId: id,
  location,
  ...handsOn,
});

/** Null when no variant leads anywhere. */
function shareOut(
  { variants, winnerId }: StoredSplit,
  salt: string,
  { loops }: RulesHome,
  adorned: (location: string) => string,
): ((visitor: Visitor) => Variant) | null {
  const open = variants.filter(
    ({ id, destinationUrl }) => !loops(destinationUrl) && (winnerId === null || id === winnerId),
  );
  const sum = open.reduce((total, { weight }) => total + weight, 0);
  if (sum <= 0) return null;
  let before = 0;
  const shares = open.map(({ id, destinationUrl, weight }): Variant => {
    before += weight;
    return { id, location: adorned(destinationUrl), upTo: before / sum };
  });
  if (shares.length === 1) return () => shares[0]!;
  const last = shares.at(-1)!;
  return (visitor) => {
    const number = stickyNumber(visitor.key, `${salt} split`);
    for (const share of shares) if (number < share.upTo) return share;
    return last;
  };
}

const utmQuery = (utm: RulesHome["utm"] = {}): string =>
  Object.entries(utm ?? {})
    .flatMap(([name, value]) => (value ? [`utm_${name}=${encodeURIComponent(value.toWellFormed())}`] : []))
    .join("&");

/** What must be found out about a visitor before the rules can be asked. */
function needsOf({ rules, split }: StoredRules): VisitorNeeds {
  const leaves = rules.flatMap(({ conditions }) => leavesOf(conditions));
  const asks = (...names: readonly string[]) => leaves.some(({ field }) => names.includes(field));
  const rates = leaves.flatMap(({ field, window }) =>
    field === "visitorRate" || field === "linkRate"
      ? [{ whose: field === "visitorRate" ? ("visitor" as const) : ("link" as const), window: window! }]
      : [],
  );
  const running = [split, ...rules.map((rule) => rule.split)].some((one) => one && one.winnerId === null);
  return {
    clicks: asks("clicks"),
    cookie: running || asks("percentage", "newVisitor", "returning"),
    rates: rates.filter(
      (one, i) => rates.findIndex((other) => other.whose === one.whose && other.window === one.window) === i,
    ),
  };
}
