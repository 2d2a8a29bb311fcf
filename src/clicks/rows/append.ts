import type { Database, SQLQueryBindings } from "bun:sqlite";
import { type Outcome, outcomes, type Trigger, triggers } from "../../redirect/visit.ts";
import { type Click, type Verdict, verdicts } from "../click.ts";
import type { Changes } from "./changes.ts";
import { countedAs, countedAsOf, visitorOfDay } from "./counted.ts";
import type { Dictionary } from "./dictionary.ts";
import { openTotals } from "./totals.ts";

const outcomeCodes = codes<Outcome>(outcomes);
const triggerCodes = codes<Trigger>(triggers);
const verdictCodes = codes<Verdict>(verdicts);
/** Where the sixteen digits of chance begin in `clk_` + 26 digits. */
const CHANCE_AT = 14;

/** Clicks handed to SQLite at once: a call costs as much as a row. */
const ROWS = 16;
const COLUMNS = 19;
/** More clicks than one batch holds. */
const PLACES = 2 ** 20;

/** Writes clicks and all that is counted of them. To be called inside a transaction. */
export function openAppend(
  db: Database,
  dictionary: Dictionary,
  changes: Changes,
): (clicks: readonly Click[]) => void {
  const totals = openTotals(db, changes);
  const row = `(${Array(COLUMNS).fill("?").join(", ")})`;
  const insertOne = db.prepare(`insert into clicks values ${row}`);
  const insertMany = db.prepare(`insert into clicks values ${Array(ROWS).fill(row).join(", ")}`);
  const values: SQLQueryBindings[] = Array(ROWS * COLUMNS).fill(0);

  function put(at: number, click: Click, link: number): void {
    const counted = countedAsOf(click);
    const visitor = click.visitor === 0n ? null : visitorOfDay(click.visitor, click.at);
    values[at] = click.at;
    values[at + 1] = click.id.slice(CHANCE_AT);
    values[at + 2] = dictionary.text(click.workspaceId);
    values[at + 3] = dictionary.text(click.domainId);
    values[at + 4] = link;
    values[at + 5] = click.linkVersion;
    values[at + 6] = outcomeCodes[click.outcome];
    values[at + 7] = triggerCodes[click.trigger];
    values[at + 8] = dictionary.text(click.ruleId);
    values[at + 9] = dictionary.text(click.variantId);
    values[at + 10] = verdictCodes[click.verdict];
    values[at + 11] = dictionary.text(click.reason);
    values[at + 12] = counted;
    values[at + 13] = visitor;
    values[at + 14] = dictionary.text(click.network);
    values[at + 15] = agentOf(dictionary, click);
    values[at + 16] = referrerOf(dictionary, click);
    values[at + 17] = dictionary.text(click.language);
    values[at + 18] = campaignOf(dictionary, click);
    if (link !== 0 && counted !== countedAs.neither) totals.add(link, counted, click.at, visitor);
  }

  return (clicks) => {
    totals.begin();
    const links = clicks.map((click) => dictionary.link(click.linkId, click.workspaceId));
    let used = 0;
    for (const index of sortedBy(links)) {
      put(used, clicks[index]!, links[index]!);
      used += COLUMNS;
      if (used < values.length) continue;
      insertMany.run(...values);
      used = 0;
    }
    for (let at = 0; at < used; at += COLUMNS) insertOne.run(...values.slice(at, at + COLUMNS));
    totals.write();
  };
}

/**
 * The places of `links`, by link and then as they came: the index of links is then written page by page and not
 * all over. Sorted as plain numbers, place and link in one, which is several times faster than by a comparison.
 */
function sortedBy(links: readonly number[]): Float64Array {
  const places = Float64Array.from(links, (link, place) => link * PLACES + place).sort();
  return places.map((both) => both % PLACES);
}

const agentOf = (dictionary: Dictionary, click: Click): number =>
  dictionary.agent([
    click.browserVersion,
    click.browser,
    click.osVersion,
    click.os,
    click.engine,
    click.device,
  ]);

const referrerOf = (dictionary: Dictionary, { referrerHost, referrerUrl }: Click): number =>
  referrerHost === "" && referrerUrl === "" ? 0 : dictionary.referrer([referrerUrl, referrerHost]);

function campaignOf(dictionary: Dictionary, click: Click): number {
  const { utmSource, utmMedium, utmCampaign, utmTerm, utmContent } = click;
  if (utmSource + utmMedium + utmCampaign + utmTerm + utmContent === "") return 0;
  return dictionary.campaign([utmCampaign, utmSource, utmMedium, utmContent, utmTerm]);
}

function codes<Name extends string>(names: readonly Name[]): Readonly<Record<Name, number>> {
  return Object.fromEntries(names.map((name, code) => [name, code])) as Record<Name, number>;
}
