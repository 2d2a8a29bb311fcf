import { withQuery } from "./location.ts";
import { type Compiled, compileCondition } from "./rules/compile.ts";
import { type Condition, leavesOf } from "./rules/condition.ts";
import { stickyNumber } from "./rules/sticky.ts";
import { type Test, TRUE } from "./rules/truth.ts";
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

export interface CompiledRules {
  /** The first rule that holds wins, then the split of the link; null when neither says. */
  choose(visitor: Visitor): Choice | null;
  readonly needs: VisitorNeeds;
}

/** A rule as people ask about it: why it holds or does not. */
export interface ExplainedRule {
  readonly id: string;
  readonly condition: Compiled;
}

/**
 * Compiles the rules of a link once, for every visit that is to come. What stays in memory for each link is no more
 * than is asked on a visit: a hundred thousand of them are looked after by the garbage collector all the time.
 */
export function compileRules(stored: StoredRules, home: RulesHome): CompiledRules {
  const rules = stored.rules.flatMap((rule) => compileRule(rule, home));
  const tests = rules.map(({ test }) => test);
  const picks = rules.map(({ pick }) => pick);
  const own = ownPick(stored.split, home);
  return {
    choose(visitor) {
      for (let i = 0; i < tests.length; i++)
        if (tests[i]!(visitor) === TRUE) return picked(picks[i]!, visitor);
      return own === null ? null : picked(own, visitor);
    },
    needs: needsOf(stored),
  };
}

/** The same rules, by the very tests that decide, with their conditions one by one. */
export const explainedRules = (stored: StoredRules, home: RulesHome): ExplainedRule[] =>
  stored.rules
    .filter((rule) => !home.loops(rule.destinationUrl))
    .map(({ id, conditions }) => ({ id, condition: compileCondition(conditions) }));

/** Where a rule leads: everybody to one place, or each visitor to theirs. Choices are made beforehand. */
type Aim = Choice | Shares;
interface Shares {
  readonly salt: string;
  readonly choices: readonly Choice[];
  /** Visitors whose number lies below go to the choice of this place, unless an earlier one has taken them. */
  readonly upTo: readonly number[];
}

const picked = (pick: Aim, visitor: Visitor): Choice => ("salt" in pick ? shared(pick, visitor) : pick);

function shared({ salt, choices, upTo }: Shares, visitor: Visitor): Choice {
  const number = stickyNumber(visitor.key, salt);
  for (let i = 0; i < upTo.length; i++) if (number < upTo[i]!) return choices[i]!;
  return choices.at(-1)!;
}

function ownPick(split: StoredSplit | null, home: RulesHome): Aim | null {
  if (!split || !home.ownSplit) return null;
  return shareOut(split, "", home.parentId, home, handingOn(home), (location) =>
    withQuery(location, utmQuery(home.utm)),
  );
}

/** A rule that would lead back to us leads nowhere: it is left out, as if it were switched off. */
function compileRule(rule: StoredRule, home: RulesHome): { test: Test; pick: Aim }[] {
  const adorned = (location: string): string => withQuery(location, utmQuery(rule.utm ?? home.utm));
  if (home.loops(rule.destinationUrl)) return [];
  const handsOn = handingOn({
    forwardQuery: rule.forwardQuery ?? home.forwardQuery,
    // A rule that says all or nothing means the campaign's parameters too, unless it says so.
    forwardUtm: rule.forwardUtm ?? rule.forwardQuery ?? home.forwardUtm,
  });
  const whole = choiceOf(rule.id, "", adorned(rule.destinationUrl), handsOn);
  const share = rule.split ? shareOut(rule.split, rule.id, rule.id, home, handsOn, adorned) : null;
  return [{ test: compileCondition(rule.conditions).test, pick: share ?? whole }];
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

const choiceOf = (ruleId: string, variantId: string, location: string, handsOn: HandingOn): Choice => ({
  ruleId,
  variantId,
  location,
  ...handsOn,
});

/** Null when no variant leads anywhere. */
function shareOut(
  { variants, winnerId }: StoredSplit,
  ruleId: string,
  parentId: string,
  { loops }: RulesHome,
  handsOn: HandingOn,
  adorned: (location: string) => string,
): Aim | null {
  const open = variants.filter(
    ({ id, destinationUrl }) => !loops(destinationUrl) && (winnerId === null || id === winnerId),
  );
  const sum = open.reduce((total, { weight }) => total + weight, 0);
  if (sum <= 0) return null;
  const choices = open.map(({ id, destinationUrl }) =>
    choiceOf(ruleId, id, adorned(destinationUrl), handsOn),
  );
  if (choices.length === 1) return choices[0]!;
  let before = 0;
  const upTo = open.map(({ weight }) => {
    before += weight;
    return before / sum;
  });
  return { salt: `${parentId} split`, choices, upTo };
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
    rates:
      rates.length === 0
        ? NO_RATES
        : rates.filter(
            (one, i) =>
              rates.findIndex((other) => other.whose === one.whose && other.window === one.window) === i,
          ),
  };
}

const NO_RATES: VisitorNeeds["rates"] = [];
