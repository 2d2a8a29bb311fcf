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
const COUNTED_AS = 12;
const VISITOR = 13;
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

  function valuesOf(click: Click, link: number): SQLQueryBindings[] {
    return [
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
      countedAsOf(click),
      click.visitor === 0n ? null : visitorOfDay(click.visitor, click.at),
      dictionary.text(click.network),
      agentOf(dictionary, click),
      referrerOf(dictionary, click),
      dictionary.text(click.language),
      campaignOf(dictionary, click),
    ];
  }

  return (clicks) => {
    totals.begin();
    const links = clicks.map((click) => dictionary.link(click.linkId, click.workspaceId));
    let rows: SQLQueryBindings[] = [];
    for (const index of sortedBy(links)) {
      const click = clicks[index]!;
      const link = links[index]!;
      const values = valuesOf(click, link);
      rows.push(...values);
      if (rows.length === ROWS * COLUMNS) {
        insertMany.run(...rows);
        rows = [];
      }
      const counted = values[COUNTED_AS] as number;
      if (link !== 0 && counted !== countedAs.neither)
        totals.add(link, counted, click.at, values[VISITOR] as bigint | null);
    }
    for (let at = 0; at < rows.length; at += COLUMNS) insertOne.run(...rows.slice(at, at + COLUMNS));
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

// Texts hold no zero byte, so a key stands for one combination only.

function agentOf(dictionary: Dictionary, click: Click): number {
  const { device, browser, browserVersion, os, osVersion, engine } = click;
  return dictionary.combination(
    "agents",
    `${browserVersion}\0${browser}\0${osVersion}\0${os}\0${engine}\0${device}`,
    () => [device, browser, browserVersion, os, osVersion, engine],
  );
}

function referrerOf(dictionary: Dictionary, { referrerHost, referrerUrl }: Click): number {
  if (referrerHost === "" && referrerUrl === "") return 0;
  return dictionary.combination("referrers", `${referrerUrl}\0${referrerHost}`, () => [
    referrerHost,
    referrerUrl,
  ]);
}

function campaignOf(dictionary: Dictionary, click: Click): number {
  const { utmSource, utmMedium, utmCampaign, utmTerm, utmContent } = click;
  if (utmSource + utmMedium + utmCampaign + utmTerm + utmContent === "") return 0;
  return dictionary.combination(
    "campaigns",
    `${utmSource}\0${utmMedium}\0${utmCampaign}\0${utmTerm}\0${utmContent}`,
    () => [utmSource, utmMedium, utmCampaign, utmTerm, utmContent],
  );
}

function codes<Name extends string>(names: readonly Name[]): Readonly<Record<Name, number>> {
  return Object.fromEntries(names.map((name, code) => [name, code])) as Record<Name, number>;
}
