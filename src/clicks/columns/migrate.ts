import type { Database } from "bun:sqlite";
import rowsSql from "../../../migrations/clicks/0001_rows.sql" with { type: "text" };
import ledgerSql from "../../../migrations/clicks/0002_ledger.sql" with { type: "text" };
import columnsSql from "../../../migrations/clicks/0003_columns.sql" with { type: "text" };

const migrations: readonly { readonly name: string; readonly sql: string }[] = [
  { name: "0001_rows", sql: rowsSql },
  { name: "0002_ledger", sql: ledgerSql },
  { name: "0003_columns", sql: columnsSql },
];

/**
 * Brings `clicks.db` to the newest form, each step in a transaction of its own.
 * @throws when the file was made by a newer version, or a step that was done has since been edited
 */
export function migrate(db: Database): void {
  db.run(
    "create table if not exists migrations (number integer primary key, name text not null, checksum text not null) strict",
  );
  const done = db.query<{ number: number; name: string; checksum: string }, []>(
    "select number, name, checksum from migrations order by number",
  );
  const applied = done.all();
  if (applied.length > migrations.length)
    throw new Error("clicks.db was made by a newer version of Waypost. Start that version.");
  for (const [index, { name, sql }] of migrations.entries()) {
    const checksum = new Bun.CryptoHasher("sha256").update(sql).digest("hex");
    const before = applied[index];
    if (before !== undefined) {
      if (before.name !== name || before.checksum !== checksum)
        throw new Error(`Migration ${name} of clicks.db is not the one that was applied.`);
      continue;
    }
    db.transaction(() => {
      db.run(sql);
      db.run("insert into migrations values (?, ?, ?)", [index + 1, name, checksum]);
    }).immediate();
  }
}
