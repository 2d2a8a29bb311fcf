import type { Database } from "bun:sqlite";
import { outcomes, triggers } from "../../redirect/visit.ts";
import { bucketStarts } from "../buckets.ts";
import { verdicts } from "../click.ts";
import type { Answer, AnswerRow, Counts, Dimension, Question } from "../store.ts";
import { dimensions } from "../store.ts";
import type { NumberColumn } from "./batch.ts";
import { type Block, type Blocks, isDamage } from "./blocks.ts";
import type { Combined } from "./combined.ts";
import type { Part } from "./part.ts";
import { type Filter, filterOf, type Grouping, type Plan, scanAll } from "./scan.ts";
import type { Tail } from "./tail.ts";
import { openTally, type Tally } from "./tally.ts";

/** How a dimension is found in a click: its column, the part of a combination it is, and what its numbers stand for. */
interface Column {
  readonly column: NumberColumn;
  readonly of?: readonly ["agents" | "referrers" | "campaigns", string];
  readonly values: "texts" | "links" | readonly string[];
}

const agent = (part: string): Column => ({ column: "agent", of: ["agents", part], values: "texts" });
const campaign = (part: string): Column => ({ column: "campaign", of: ["campaigns", part], values: "texts" });

const columns: Readonly<Record<Dimension, Column>> = {
  link: { column: "link", values: "links" },
  domain: { column: "domain", values: "texts" },
  outcome: { column: "outcome", values: outcomes },
  verdict: { column: "verdict", values: verdicts },
  reason: { column: "reason", values: "texts" },
  trigger: { column: "trigger", values: triggers },
  referrer: { column: "referrer", of: ["referrers", "host"], values: "texts" },
  referrerUrl: { column: "referrer", of: ["referrers", "url"], values: "texts" },
  device: agent("device"),
  browser: agent("browser"),
  browserVersion: agent("browser_version"),
  os: agent("os"),
  osVersion: agent("os_version"),
  engine: agent("engine"),
  language: { column: "language", values: "texts" },
  utmSource: campaign("source"),
  utmMedium: campaign("medium"),
  utmCampaign: campaign("campaign"),
  utmTerm: campaign("term"),
  utmContent: campaign("content"),
  rule: { column: "rule", values: "texts" },
  variant: { column: "variant", values: "texts" },
};

/** What questions are put to. */
export interface Sources {
  readonly db: Database;
  readonly blocks: Blocks;
  readonly tail: Tail;
  readonly combined: Combined;
}

/**
 * Answers a question out of blocks and tail.
 * @throws RangeError for an unknown time zone; Error when it groups by time and by a dimension at once
 */
export function answer(sources: Sources, question: Question): Answer {
  if (question.granularity !== undefined && question.groupBy !== undefined)
    throw new Error("A question groups by time or by a dimension, not by both.");
  if (question.granularity !== undefined) return overTime(sources, question);
  if (question.groupBy !== undefined) return byDimension(sources, question, question.groupBy);
  const tally = openTally(1);
  const told = count(sources, planOf(sources, question, null), tally);
  return { rows: question.limit > 0 ? [{ group: null, ...tally.of(0) }] : [], ...told };
}

function overTime(sources: Sources, question: Question): Answer {
  const { granularity, timezone, from, to, limit } = question;
  const starts = bucketStarts(granularity!, timezone, from, to, limit + 1);
  const end = starts.length > limit ? starts[limit]! : to;
  const shown = starts.slice(0, limit);
  const tally = openTally(shown.length);
  if (shown.length === 0) return { rows: [], exact: true };
  const grouping = { starts: Float64Array.from(shown) };
  const told = count(sources, planOf(sources, { ...question, to: end }, grouping), tally);
  return { rows: shown.map((start, group) => ({ group: start, ...tally.of(group) })), ...told };
}

function byDimension(sources: Sources, question: Question, groupBy: Dimension): Answer {
  const { column, of, values } = columns[groupBy];
  const tally = openTally(0);
  const grouping: Grouping = {
    column,
    groupsOf(dictionary) {
      const texts = of === undefined ? null : sources.combined.texts(...of);
      const groups = new Uint32Array(dictionary.length);
      for (let i = 0; i < groups.length; i++)
        groups[i] = tally.groupOf(texts === null ? dictionary[i]! : (texts[dictionary[i]!] ?? 0));
      return groups;
    },
  };
  const told = count(sources, planOf(sources, question, grouping), tally);
  return { rows: largest(sources.db, tally, values, question), ...told };
}

/** Groups of which nothing was wanted have numbers too, and no rows. */
function largest(db: Database, tally: Tally, values: Column["values"], question: Question): AnswerRow[] {
  const { orderBy = "clicks", limit } = question;
  const found = tally.values
    .map((value, group) => ({ value, counts: tally.of(group) }))
    .filter(({ counts }) => counts.all > 0)
    .sort((one, other) => other.counts[orderBy] - one.counts[orderBy]);
  // Those that tie with the last are looked at by name too.
  const least = found[limit - 1]?.counts[orderBy] ?? 0;
  const shown = limit > 0 ? found.filter(({ counts }, i) => i < limit || counts[orderBy] === least) : [];
  const names = namesOf(
    db,
    values,
    shown.map(({ value }) => value),
  );
  return shown
    .map(({ value, counts }) => ({ group: names(value), ...counts }))
    .sort((one, other) => other[orderBy] - one[orderBy] || (one.group < other.group ? -1 : 1))
    .slice(0, limit);
}

function namesOf(
  db: Database,
  values: Column["values"],
  numbers: readonly number[],
): (value: number) => string {
  if (values !== "texts" && values !== "links") return (value) => values[value] ?? "";
  const name = values === "links" ? "link" : "text";
  const rows = db
    .query<{ id: number; name: string }, [string]>(
      `select id, ${name} as name from ${values} where id in (select value from json_each(?))`,
    )
    .all(JSON.stringify(numbers));
  const known = new Map(rows.map(({ id, name: text }) => [id, text]));
  return (value) => known.get(value) ?? "";
}

interface Asked extends Pick<Question, "workspaceId" | "from" | "to" | "where" | "withoutLinks"> {
  readonly measures?: readonly (keyof Counts)[];
}

function planOf(sources: Sources, question: Asked, grouping: Grouping): Plan | null {
  const workspace = sources.db
    .query<{ id: number }, [string]>("select id from texts where text = ?")
    .get(question.workspaceId);
  if (workspace === null) return null;
  // Links first: they leave the fewest blocks.
  const wanted = dimensions.filter((dimension) => question.where[dimension] !== undefined);
  return {
    workspace: workspace.id,
    from: question.from,
    to: question.to,
    filters: [
      ...wanted.map((dimension) => filterBy(sources, columns[dimension], question.where[dimension]!)),
      ...withoutLinks(sources, question.withoutLinks ?? []),
    ],
    grouping,
    needsUniques: question.measures?.includes("uniqueClicks") ?? true,
    needsLast: false,
  };
}

function filterBy(
  { db, combined }: Sources,
  { column, of, values }: Column,
  names: readonly string[],
): Filter {
  const numbers = numbersOf(db, values, names);
  if (of === undefined) return filterOf(column, numbers);
  const wanted = new Set(numbers);
  return {
    column,
    admit(dictionary) {
      const texts = combined.texts(...of);
      const table = new Uint8Array(dictionary.length);
      for (let i = 0; i < table.length; i++) if (wanted.has(texts[dictionary[i]!] ?? 0)) table[i] = 1;
      return table.includes(1) ? table : null;
    },
  };
}

function withoutLinks({ db }: Sources, names: readonly string[]): Filter[] {
  if (names.length === 0) return [];
  const { column, values } = columns.link;
  const unwanted = new Set(numbersOf(db, values, names));
  return [
    {
      column,
      admit(dictionary) {
        const table = new Uint8Array(dictionary.length);
        for (let i = 0; i < table.length; i++) if (!unwanted.has(dictionary[i]!)) table[i] = 1;
        return table.includes(1) ? table : null;
      },
    },
  ];
}

function numbersOf(db: Database, values: Column["values"], names: readonly string[]): number[] {
  if (values !== "texts" && values !== "links")
    return names.map((name) => values.indexOf(name)).filter((code) => code >= 0);
  const name = values === "links" ? "link" : "text";
  const rows = db
    .query<{ id: number }, [string]>(
      `select id from ${values} where ${name} in (select value from json_each(?))`,
    )
    .all(JSON.stringify(names));
  return [...rows.map(({ id }) => id), ...(names.includes("") ? [0] : [])];
}

/** Puts the clicks of a plan into a tally, and answers how far they can be trusted. */
export function count(
  { blocks, tail }: Pick<Sources, "blocks" | "tail">,
  plan: Plan | null,
  tally: Tally,
): Pick<Answer, "exact" | "partial"> {
  if (plan === null || plan.from >= plan.to) return { exact: true };
  const { workspace, from, to } = plan;
  const blockOf = new Map<Part, Block>();
  for (const block of blocks.of(workspace, from, to)) blockOf.set(blocks.part(block), block);
  const parts = [...blockOf.keys(), ...tail.parts()];
  scanAll(parts, plan, tally, (part, error) => {
    const block = blockOf.get(part);
    if (block === undefined || !isDamage(error)) throw error;
    blocks.setAside(block, error);
  });
  const isPartial = tail.isMissingAny || blocks.isMissingAny(workspace, from, to);
  return isPartial ? { exact: true, partial: true } : { exact: true };
}
