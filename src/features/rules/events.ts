import { defineEvent, defineUpdate } from "../../platform/events.ts";
import { LinkOrder, RuleCore } from "./model.ts";
import { SplitCore } from "./split-model.ts";

export const ruleCreated = defineEvent("rule.created", RuleCore);
export const ruleUpdated = defineUpdate("rule.updated", RuleCore);
export const ruleDeleted = defineEvent("rule.deleted", RuleCore);
export const linkRulesReordered = defineUpdate("link.rules_reordered", LinkOrder);

export const splitCreated = defineEvent("split.created", SplitCore);
export const splitUpdated = defineUpdate("split.updated", SplitCore);
/** It has a winner, and everybody goes there. */
export const splitFinished = defineUpdate("split.finished", SplitCore);
export const splitDeleted = defineEvent("split.deleted", SplitCore);
