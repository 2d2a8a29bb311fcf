import { countedOutcomes } from "../../redirect/visit.ts";
import { botVerdicts, type Click } from "../click.ts";

export const DAY_MS = 86_400_000;
/** Values of the column `counted`. `nobody` is a click without a visitor: in `clicks`, and in no unique number. */
export const countedAs = { neither: 0, click: 1, botClick: 2, nobody: 3 } as const;

/** In which of a link's numbers a click is counted. */
export function countedAsOf({ verdict, outcome, visitor }: Click): number {
  if (!countedOutcomes.has(outcome)) return countedAs.neither;
  if (verdict === "human") return visitor === 0n ? countedAs.nobody : countedAs.click;
  return botVerdicts.has(verdict) ? countedAs.botClick : countedAs.neither;
}
