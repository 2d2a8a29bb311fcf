import type { Database } from "bun:sqlite";
import { countedOutcomes, type Outcome, outcomes, type Trigger, triggers } from "../../redirect/visit.ts";
import { botVerdicts, type Click, type Verdict, verdicts } from "../click.ts";
import type { Dictionary } from "./dictionary.ts";
import { openTotals } from "./totals.ts";

export const DAY_MS = 86_400_000;
/** Values of `clicks.counted_as`. */
export const countedAs = { neither: 0, click: 1, botClick: 2 } as const;

const outcomeCodes = codes<Outcome>(outcomes);
const triggerCodes = codes<Trigger>(triggers);
const verdictCodes = codes<Verdict>(verdicts);
/** Where the sixteen digits of chance begin in `clk_` + 26 digits. */
const CHANCE_AT = 14;

/** Writes clicks and all that is counted of them. To be called inside a transaction. */
export function openAppend(db: Database, dictionary: Dictionary): (clicks: readonly Click[]) => void {
  const totals = openTotals(db);
  const insert = db.prepare(`insert into clicks values (${Array(19).fill("?").join(", ")})`);
  return (clicks) => {
    for (const click of clicks) {
      const link = dictionary.link(click.linkId, click.workspaceId);
      const counted = countedAsOf(click);
      const visitor = click.visitor === 0n ? null : visitorOfDay(click.visitor, click.at);
      insert.run(
        click.at,
        click.id.slice(CHANCE_AT),
        dictionary.text(click.workspaceId),
        dictionary.text(click.domainId),
        link,
        click.linkVersion,
        outcomeCodes[click.outcome],
        triggerCodes[click.trigger],
        dictionary.text(click.ruleId),
        dictionary.text(click.variantId),
        verdictCodes[click.verdict],
        dictionary.text(click.reason),
        counted,
        visitor,
        dictionary.text(click.network),
        agentOf(dictionary, click),
        referrerOf(dictionary, click),
        dictionary.text(click.language),
        campaignOf(dictionary, click),
      );
      if (link !== 0 && counted !== countedAs.neither) totals.add(link, counted, click.at, visitor);
    }
    totals.write();
  };
}

function countedAsOf({ verdict, outcome }: Click): number {
  if (!countedOutcomes.has(outcome)) return countedAs.neither;
  if (verdict === "human") return countedAs.click;
  return botVerdicts.has(verdict) ? countedAs.botClick : countedAs.neither;
}

let mixDay = -1;
let mix = 0n;

/** A visitor's hash as a signed integer that differs from day to day, whatever the hash. */
export function visitorOfDay(visitor: bigint, at: number): bigint {
  const day = Math.floor(at / DAY_MS);
  if (day !== mixDay) {
    mixDay = day;
    // A bijection for each day: two visitors of one day never become one.
    mix = BigInt.asUintN(64, BigInt(day) * 0x9e37_79b9_7f4a_7c15n);
  }
  return BigInt.asIntN(64, visitor ^ mix);
}

const agentOf = (dictionary: Dictionary, click: Click): number =>
  dictionary.combination("agents", [
    click.device,
    click.browser,
    click.browserVersion,
    click.os,
    click.osVersion,
    click.engine,
  ]);

const referrerOf = (dictionary: Dictionary, { referrerHost, referrerUrl }: Click): number =>
  dictionary.combination("referrers", [referrerHost, referrerUrl]);

const campaignOf = (dictionary: Dictionary, click: Click): number =>
  dictionary.combination("campaigns", [
    click.utmSource,
    click.utmMedium,
    click.utmCampaign,
    click.utmTerm,
    click.utmContent,
  ]);

function codes<Name extends string>(names: readonly Name[]): Readonly<Record<Name, number>> {
  return Object.fromEntries(names.map((name, code) => [name, code])) as Record<Name, number>;
}
