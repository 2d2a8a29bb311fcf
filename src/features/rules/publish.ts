import type { Context } from "../../platform/context.ts";
import type { Change } from "../../platform/events.ts";
import type { StoredRule, StoredSplit } from "../../redirect/rules.ts";
import type { Home } from "./home.ts";
import type { RuleRow } from "./model.ts";
import type { SplitRow } from "./split-model.ts";
import { selectRules, selectSplits, storeRuleSet } from "./store.ts";

/** Writes anew what the redirect reads of a link or campaign: after every change of its rules or splits, in the same transaction. */
export async function publish(tx: Change, ctx: Context, home: Home): Promise<void> {
  const rows = await selectRules(tx, ctx, home.parentId);
  const parents = [...rows.map(({ id }) => id), ...(home.linkId === null ? [] : [home.linkId])];
  const splits = new Map((await selectSplits(tx, ctx, parents)).map((split) => [split.parentId, split]));
  const own = home.linkId === null ? undefined : splits.get(home.linkId);
  const rules = rows.filter(({ enabled }) => enabled).map((row) => stored(row, splits.get(row.id)));
  const isEmpty = rules.length === 0 && own === undefined;
  await storeRuleSet(tx, ctx, home, isEmpty ? null : { rules, split: own ? storedSplit(own) : null });
}

const stored = (
  { id, conditions, destinationUrl, options }: RuleRow,
  split: SplitRow | undefined,
): StoredRule => ({
  id,
  conditions,
  destinationUrl,
  ...options,
  ...(split ? { split: storedSplit(split) } : {}),
});

const storedSplit = ({ variants, winnerId }: SplitRow): StoredSplit => ({
  variants: variants.map(({ id, destinationUrl, weight }) => ({ id, destinationUrl, weight })),
  winnerId,
});
