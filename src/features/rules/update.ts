import { invalid } from "../../lib/errors.ts";
import type { Context } from "../../platform/context.ts";
import { type Change, change, Unchanged, withPrevious } from "../../platform/events.ts";
import { plainName } from "../../platform/schema.ts";
import { withCounts } from "./counts.ts";
import { conditionsOf, optionsAfter, ruleDestination } from "./create.ts";
import { ruleDeleted, ruleUpdated } from "./events.ts";
import { findRule, placeOf, type RuleName } from "./find.ts";
import { homeOfRule } from "./home.ts";
import { type Rule, type RuleCore, type RulePatch, type RuleRow, toRuleCore } from "./model.ts";
import { publish } from "./publish.ts";
import { deleteRuleRow, updateRuleRow } from "./store.ts";
import { checkRuleVersion } from "./version.ts";

/** Changes what the patch names; null clears. `ifMatch` is the If-Match header. */
export async function updateRule(
  ctx: Context,
  name: RuleName,
  patch: RulePatch,
  ifMatch: string | null,
): Promise<Rule> {
  const core = await change(ctx, async (tx): Promise<RuleCore> => {
    const before = await findRule(tx, ctx, name);
    checkRuleVersion(before, ifMatch);
    const row = await patched(tx, ctx, before, patch);
    if (Bun.deepEquals({ ...row, version: before.version, updatedAt: before.updatedAt }, before))
      throw new Unchanged(toRuleCore(before, await placeOf(tx, ctx, before)));
    const home = await homeOfRule(tx, ctx, before);
    await updateRuleRow(tx, ctx, row);
    await publish(tx, ctx, home);
    const after = toRuleCore(row, home.place);
    tx.record(ruleUpdated, row.id, withPrevious(toRuleCore(before, home.place), after));
    return after;
  });
  const [rule] = await withCounts(ctx, [core], core.linkId);
  return rule!;
}

async function patched(tx: Change, ctx: Context, before: RuleRow, patch: RulePatch): Promise<RuleRow> {
  if (patch.conditions === undefined && (patch.type !== undefined || patch.conditionLogic !== undefined))
    throw invalid("/conditions", "conditions are required beside type and conditionLogic");
  return {
    ...before,
    ...(patch.name === undefined ? {} : { name: plainName(patch.name) }),
    ...(patch.description === undefined ? {} : { description: patch.description }),
    ...(patch.conditions === undefined ? {} : { conditions: conditionsOf(patch) }),
    ...(patch.destinationUrl === undefined
      ? {}
      : { destinationUrl: await ruleDestination(tx, ctx, "/destinationUrl", patch.destinationUrl) }),
    enabled: patch.enabled ?? before.enabled,
    position: patch.position ?? before.position,
    options: optionsAfter(before.options, patch),
    version: before.version + 1,
    updatedAt: tx.now,
  };
}

/** Takes a rule away for good, with its split. */
export async function deleteRule(ctx: Context, name: RuleName, ifMatch: string | null): Promise<Rule> {
  const core = await change(ctx, async (tx) => {
    const row = await findRule(tx, ctx, name);
    checkRuleVersion(row, ifMatch);
    const home = await homeOfRule(tx, ctx, row);
    await deleteRuleRow(tx, ctx, row);
    await publish(tx, ctx, home);
    const gone = toRuleCore(row, home.place);
    tx.record(ruleDeleted, row.id, gone);
    return gone;
  });
  const [rule] = await withCounts(ctx, [core], core.linkId);
  return rule!;
}
