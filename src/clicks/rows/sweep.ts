import type { Database } from "bun:sqlite";

/**
 * Tables whose rows are combinations of texts, and what of a click refers to them. What referrers and campaigns say is
 * written by strangers and may name a person; agents are not swept, for they name programs.
 */
const swept = {
  referrers: { column: "referrer", parts: ["host", "url"] },
  campaigns: { column: "campaign", parts: ["source", "medium", "campaign", "term", "content"] },
} as const;
const agentParts = ["device", "browser", "browser_version", "os", "os_version", "engine"];
/** Columns of clicks that are texts themselves. */
const direct = ["workspace", "domain", "rule", "variant", "reason", "network", "language"];

type Table = keyof typeof swept;
const tables = Object.keys(swept) as Table[];

/** Clicks that are about to be deleted: `where` with the values it names. */
export interface Doomed {
  readonly where: string;
  readonly values: Record<string, string | number>;
}

/**
 * Deletes the referrers and campaigns that only these clicks had, and the texts that nothing says any more. To be
 * called inside a transaction; `doom` deletes the clicks. Where they had any, all clicks that are left are read twice.
 */
export function sweeping(db: Database, { where, values }: Doomed, doom: () => void): void {
  const candidates = (table: Table): number[] => {
    const { column } = swept[table];
    const found = db.query<{ id: number }, [typeof values]>(
      `select distinct ${column} as id from clicks where ${column} > 0 and ${where}`,
    );
    return found.all(values).map(({ id }) => id);
  };
  const before = tables.map((table) => [table, candidates(table)] as const);
  doom();
  const unsaid = before.flatMap(([table, ids]) => removeUnused(db, table, ids));
  removeTexts(db, [...new Set(unsaid)]);
}

/** Answers the numbers of the texts that were parts of what was removed. */
function removeUnused(db: Database, table: Table, ids: readonly number[]): number[] {
  if (ids.length === 0) return [];
  const { column, parts } = swept[table];
  const list = JSON.stringify(ids);
  const among = "(select value from json_each(?))";
  const used = db.query<{ id: number }, [string]>(
    `select distinct ${column} as id from clicks where ${column} in ${among}`,
  );
  const stay = new Set(used.all(list).map(({ id }) => id));
  const gone = JSON.stringify(ids.filter((id) => !stay.has(id)));
  const rows = db
    .query<Record<string, number>, [string]>(
      `delete from ${table} where id in ${among} returning ${parts.join(", ")}`,
    )
    .all(gone);
  return rows.flatMap((row) => Object.values(row)).filter((id) => id > 0);
}

function removeTexts(db: Database, ids: readonly number[]): void {
  if (ids.length === 0) return;
  const stay = new Set<number>();
  const keep = (from: string, parts: readonly string[]) => {
    const list = JSON.stringify(ids.filter((id) => !stay.has(id)));
    const among = "(select value from json_each($list))";
    const query = db.query<Record<string, number>, [{ list: string }]>(
      `select distinct ${parts.join(", ")} from ${from} where ${parts.map((part) => `${part} in ${among}`).join(" or ")}`,
    );
    for (const row of query.all({ list })) for (const id of Object.values(row)) stay.add(id);
  };
  keep("agents", agentParts);
  for (const table of tables) keep(table, swept[table].parts);
  keep("clicks", direct);
  const remove = db.prepare("delete from texts where id = ?");
  for (const id of ids) if (!stay.has(id)) remove.run(id);
}
