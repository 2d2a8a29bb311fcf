import type { Database, SQLQueryBindings } from "bun:sqlite";
import { outcomes, triggers } from "../../redirect/visit.ts";
import { bucketStarts } from "../buckets.ts";
import { verdicts } from "../click.ts";
import type { Answer, AnswerRow, Counts, Dimension, Question } from "../store.ts";
import { dimensions } from "../store.ts";
import { countedAs } from "./counted.ts";

/** How a dimension is found in a click: its column, the table it hangs on, and what its numbers stand for. */
interface Column {
  readonly column: string;
  readonly join?: "agents" | "referrers" | "campaigns";
  readonly values: "texts" | "links" | readonly string[];
}

const columns: Readonly<Record<Dimension, Column>> = {
  link: { column: "c.link", values: "links" },
  domain: { column: "c.domain", values: "texts" },
  outcome: { column: "c.outcome", values: outcomes },
  verdict: { column: "c.verdict", values: verdicts },
  reason: { column: "c.reason", values: "texts" },
  trigger: { column: 'c."trigger"', values: triggers },
  referrer: { column: "referrers.host", join: "referrers", values: "texts" },
  referrerUrl: { column: "referrers.url", join: "referrers", values: "texts" },
  device: { column: "agents.device", join: "agents", values: "texts" },
  browser: { column: "agents.browser", join: "agents", values: "texts" },
  browserVersion: { column: "agents.browser_version", join: "agents", values: "texts" },
  os: { column: "agents.os", join: "agents", values: "texts" },
  osVersion: { column: "agents.os_version", join: "agents", values: "texts" },
  engine: { column: "agents.engine", join: "agents", values: "texts" },
  language: { column: "c.language", values: "texts" },
  utmSource: { column: "campaigns.source", join: "campaigns", values: "texts" },
  utmMedium: { column: "campaigns.medium", join: "campaigns", values: "texts" },
  utmCampaign: { column: "campaigns.campaign", join: "campaigns", values: "texts" },
  utmTerm: { column: "campaigns.term", join: "campaigns", values: "texts" },
  utmContent: { column: "campaigns.content", join: "campaigns", values: "texts" },
};

const joins = {
  agents: "join agents on agents.id = c.agent",
  referrers: "join referrers on referrers.id = c.referrer",
  campaigns: "join campaigns on campaigns.id = c.campaign",
} as const;

const measures = `
  coalesce(sum(c.counted_as = ${countedAs.click}), 0) as clicks,
  count(distinct case when c.counted_as = ${countedAs.click} then c.visitor end) as uniqueClicks,
  coalesce(sum(c.counted_as = ${countedAs.botClick}), 0) as botClicks,
  count(*) as "all"`;

/** A part of SQL with the values of its question marks. */
interface Part {
  readonly sql: string;
  readonly values: readonly SQLQueryBindings[];
}

/**
 * Answers a question out of the rows.
 * @throws RangeError for an unknown time zone; Error when it groups by time and by a dimension at once
 */
export function answer(db: Database, question: Question): Answer {
  if (question.granularity !== undefined && question.groupBy !== undefined)
    throw new Error("A question groups by time or by a dimension, not by both.");
  if (question.granularity !== undefined) return { rows: overTime(db, question), exact: true };
  if (question.groupBy !== undefined) return { rows: grouped(db, question, question.groupBy), exact: true };
  const { sql, values } = source(question);
  const counts = db.query<Counts, SQLQueryBindings[]>(`select ${measures} ${sql}`);
  const row = counts.get(...values, question.from, question.to)!;
  return { rows: question.limit > 0 ? [{ group: null, ...row }] : [], exact: true };
}

/** One range of the index for each bucket: exact in every time zone, and empty buckets come by themselves. */
function overTime(db: Database, question: Question): AnswerRow[] {
  const { granularity, timezone, from, to, limit } = question;
  const starts = bucketStarts(granularity!, timezone, from, to, limit + 1);
  const { sql, values } = source(question);
  const counts = db.query<Counts, SQLQueryBindings[]>(`select ${measures} ${sql}`);
  return starts.slice(0, limit).map((start, i) => ({
    group: start,
    ...counts.get(...values, Math.max(start, from), Math.min(starts[i + 1] ?? to, to))!,
  }));
}

function grouped(db: Database, question: Question, groupBy: Dimension): AnswerRow[] {
  const { column, values: names } = columns[groupBy];
  const { sql, values } = source(question, groupBy);
  const { text, join } = naming(names);
  const query = db.query<AnswerRow, SQLQueryBindings[]>(
    `select ${text} as "group", g.clicks, g.uniqueClicks, g.botClicks, g."all"
     from (select ${column} as number, ${measures} ${sql} group by 1) g ${join}
     order by g."${question.orderBy ?? "clicks"}" desc, 1 limit ?`,
  );
  return query.all(...values, question.from, question.to, question.limit);
}

/** How a number becomes the text it stands for. */
function naming(names: Column["values"]): { text: string; join: string } {
  if (names === "links")
    return { text: "coalesce(n.link, '')", join: "left join links n on n.id = g.number" };
  if (names === "texts")
    return { text: "coalesce(n.text, '')", join: "left join texts n on n.id = g.number" };
  const list = names.map((name, code) => `(${code}, '${name}')`).join(", ");
  return { text: "n.column2", join: `join (values ${list}) n on n.column1 = g.number` };
}

/** `from … where …` of a question; its last two values are the time range, left to the caller. */
function source(question: Question, groupBy?: Dimension): Part {
  const wanted = dimensions.filter((dimension) => question.where[dimension] !== undefined);
  const tables = new Set(
    [...wanted, ...(groupBy === undefined ? [] : [groupBy])].map((dimension) => columns[dimension].join),
  );
  const { link } = question.where;
  // The plus keeps SQLite from searching all of a workspace for the clicks of a few links, which have an index
  // of their own. Clicks without a link are too many for that.
  const column = link !== undefined && !link.includes("") ? "+c.workspace" : "c.workspace";
  const conditions: string[] = [`${column} = (select id from texts where text = ?)`];
  const values: SQLQueryBindings[] = [question.workspaceId];
  for (const dimension of wanted) {
    const part = isOneOf(columns[dimension], question.where[dimension]!);
    conditions.push(part.sql);
    values.push(...part.values);
  }
  const from = [...tables].map((table) => (table === undefined ? "" : joins[table])).join(" ");
  return {
    sql: `from clicks c ${from} where ${conditions.join(" and ")} and c.at >= ? and c.at < ?`,
    values,
  };
}

function isOneOf({ column, values: names }: Column, wanted: readonly string[]): Part {
  if (names !== "texts" && names !== "links") {
    const numbers = wanted.map((name) => names.indexOf(name)).filter((code) => code >= 0);
    return { sql: `${column} in (${numbers.join(", ")})`, values: [] };
  }
  const none = wanted.includes("") ? `${column} = 0 or ` : "";
  const name = names === "links" ? "link" : "text";
  return {
    sql: `(${none}${column} in (select id from ${names} where ${name} in (select value from json_each(?))))`,
    values: [JSON.stringify(wanted)],
  };
}
