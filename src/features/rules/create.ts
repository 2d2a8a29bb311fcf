import { newId } from "../../lib/ids.ts";
import { type Context, workspaceOf } from "../../platform/context.ts";
import { type Change, change } from "../../platform/events.ts";
import { plainName } from "../../platform/schema.ts";
import type { Condition } from "../../redirect/rules/condition.ts";
import { parseConditions } from "../../redirect/rules/parse.ts";
import { destinationOf, refuseLoop } from "../domains/destination.ts";
import type { LinkName } from "../links/find.ts";
import { rulesFull } from "./errors.ts";
import { ruleCreated } from "./events.ts";
import { type Foreign, treeOf } from "./foreign.ts";
import { homeToChange } from "./home.ts";
import {
  type NewRule,
  POSITION_MAX,
  RULES_MAX,
  type Rule,
  type RuleOptions,
  type RuleRow,
  toRuleCore,
} from "./model.ts";
import { publish } from "./publish.ts";
import { countRules, insertRule } from "./store.ts";

/** Hangs a rule on a link, behind all others unless it says where. */
export const createRule = (ctx: Context, name: LinkName, input: NewRule): Promise<Rule> =>
  change(ctx, async (tx) => {
    const home = await homeToChange(tx, ctx, name);
    const { total, last } = await countRules(tx, ctx, home.parentId);
    if (total >= RULES_MAX) throw rulesFull();
    const row: RuleRow = {
      id: newId("rule", tx.now),
      workspaceId: workspaceOf(ctx),
      parentId: home.parentId,
      linkId: home.linkId,
      position: input.position ?? Math.min(last + 1, POSITION_MAX),
      name: plainName(input.name),
      description: input.description ?? null,
      enabled: input.enabled ?? true,
      conditions: conditionsOf(input),
      destinationUrl: await ruleDestination(tx, ctx, "/destinationUrl", input.destinationUrl),
      options: optionsAfter(null, input),
      version: 1,
      createdBy: ctx.actor.id,
      createdAt: tx.now,
      updatedAt: tx.now,
    };
    await insertRule(tx, ctx, row);
    await publish(tx, ctx, home);
    const core = toRuleCore(row, home.place);
    tx.record(ruleCreated, row.id, core);
    return { ...core, clicks: 0, uniqueClicks: 0 };
  });

/** In whichever form they were written. @throws AppError VALIDATION_ERROR naming the place */
export const conditionsOf = (input: Foreign): Condition => parseConditions(treeOf(input), "/conditions");

/** @throws AppError VALIDATION_ERROR for what is no destination, or lies on a host of ours */
export async function ruleDestination(tx: Change, ctx: Context, path: string, text: string): Promise<string> {
  const destination = destinationOf(path, text);
  await refuseLoop(tx, ctx, path, destination);
  return destination.href;
}

type OptionsInput = { [K in keyof RuleOptions]?: RuleOptions[K] | null | undefined };

/** Null when there is nothing to store. */
export function optionsAfter(before: RuleOptions | null, input: OptionsInput): RuleOptions | null {
  const names = ["forwardQuery", "forwardUtm", "utm"] as const;
  const entries = names.flatMap((name) => {
    const value = input[name] === undefined ? before?.[name] : input[name];
    const said = typeof value === "object" && value !== null ? withoutNulls(value) : value;
    return said === undefined || said === null ? [] : [[name, said]];
  });
  return entries.length === 0 ? null : (Object.fromEntries(entries) as RuleOptions);
}

function withoutNulls(given: object): object | null {
  const entries = Object.entries(given).filter(([, value]) => value !== null && value !== undefined);
  return entries.length === 0 ? null : Object.fromEntries(entries);
}
