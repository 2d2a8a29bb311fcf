import { sql } from "drizzle-orm";
import type { Build, Database } from "../../db/database.ts";
import type { Id } from "../../lib/ids.ts";

const { placeholder } = sql;

/** Of a workspace, or of all. */
export type JobScope = Id<"ws"> | null;

/** Rows counted in one statement: a millisecond on SQLite, which runs where redirects do. */
const COUNTED_AT_ONCE = 10_000;

const within = (scope: JobScope) =>
  scope === null ? sql`true` : sql`workspace_id = ${placeholder("workspaceId")}`;

const namesOf = (scope: JobScope): Build<{ name: string }> => {
  const mine = within(scope);
  return (queries) =>
    queries.select({ name: sql<string>`name` }).from(sql`(
      with recursive found(name) as (
        select min(name) from jobs where ${mine}
        union all
        select (select min(name) from jobs where ${mine} and name > found.name)
          from found where found.name is not null
      ) select name from found where name is not null) as names`);
};

const countOf = (scope: JobScope): Build<{ count: number; last: string | null }> => {
  const mine = within(scope);
  return (queries) =>
    queries
      .select({
        count: sql<number>`count(*)`.mapWith(Number),
        last: sql<string | null>`max(id)`,
      })
      .from(sql`(select id from jobs where ${mine} and name = ${placeholder("name")}
        and state = ${placeholder("state")} and id > ${placeholder("after")}
        order by id limit ${placeholder("limit")}) as handful`);
};

const oldestOf: Build<{ runAt: number }> = (queries) =>
  queries
    .select({ runAt: sql<number>`run_at`.mapWith(Number) })
    .from(sql`(select run_at from jobs where name = ${placeholder("name")} and state = 'waiting'
      order by id limit 1) as oldest`);

// Compiled once each: a statement is known by the function that builds it.
const statements = {
  all: { names: namesOf(null), count: countOf(null) },
  workspace: { names: namesOf("ws_"), count: countOf("ws_") },
};
const of = (scope: JobScope) => (scope === null ? statements.all : statements.workspace);

/** The names of jobs there are, with code or without: one look at the index for each. */
export async function jobNames(db: Database, scope: JobScope): Promise<string[]> {
  const [rows = []] = await db.each(of(scope).names, [{ workspaceId: scope }]);
  return rows.map(({ name }) => name);
}

/** How many jobs have this name and state. Counts a handful at a time, so that nobody waits behind a million. */
export async function countJobs(
  db: Database,
  scope: JobScope,
  name: string,
  state: string,
  most = Number.POSITIVE_INFINITY,
): Promise<number> {
  let total = 0;
  for (let after = ""; total < most; ) {
    const limit = Math.min(COUNTED_AT_ONCE, most - total);
    const [rows] = await db.each(of(scope).count, [{ workspaceId: scope, name, state, after, limit }]);
    const { count, last } = rows![0]!;
    total += count;
    if (last === null || count < limit) break;
    after = last;
    await new Promise(setImmediate);
  }
  return total;
}

/** When the oldest waiting job of this name should have begun; null when none waits. */
export async function oldestWaiting(db: Database, name: string): Promise<number | null> {
  const [rows = []] = await db.each(oldestOf, [{ name }]);
  return rows[0]?.runAt ?? null;
}
