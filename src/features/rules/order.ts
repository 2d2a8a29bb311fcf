import { invalid } from "../../lib/errors.ts";
import type { Context } from "../../platform/context.ts";
import { change, Unchanged, withPrevious } from "../../platform/events.ts";
import type { LinkName } from "../links/find.ts";
import { withCounts } from "./counts.ts";
import { linkRulesReordered } from "./events.ts";
import { homeOfLink, homeToChange } from "./home.ts";
import { type Order, type Rule, type RuleCore, toRuleCore } from "./model.ts";
import { publish } from "./publish.ts";
import { selectRules, updateRuleRow } from "./store.ts";

/** Puts all rules of a link into an order: positions from 1. */
export async function reorderRules(ctx: Context, name: LinkName, { rules: wanted }: Order): Promise<Rule[]> {
  const cores = await change(ctx, async (tx): Promise<RuleCore[]> => {
    const { parentId, place } = await homeOfLink(tx, ctx, name);
    const rows = await selectRules(tx, ctx, parentId);
    const before = rows.map(({ id }) => id as string);
    if (wanted.length !== before.length || before.some((id) => !wanted.includes(id)))
      throw invalid("/rules", "rules must name every rule of the link, each once");
    if (Bun.deepEquals(before, wanted)) throw new Unchanged(rows.map((row) => toRuleCore(row, place)));
    const home = await homeToChange(tx, ctx, name);
    const ordered = wanted.map((id, i) => ({ ...rows.find((row) => row.id === id)!, position: i + 1 }));
    for (const row of ordered) await updateRuleRow(tx, ctx, row);
    await publish(tx, ctx, home);
    const told = { id: parentId, domainId: home.place!.domainId, slug: home.place!.slug };
    tx.record(
      linkRulesReordered,
      parentId,
      withPrevious({ ...told, rules: before }, { ...told, rules: [...wanted] }),
    );
    return ordered.map((row) => toRuleCore(row, home.place));
  });
  return withCounts(ctx, cores, cores[0]?.linkId ?? null);
}
