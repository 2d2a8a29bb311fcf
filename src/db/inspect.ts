import { Database as Connection } from "bun:sqlite";
import { statSync } from "node:fs";

/** What can be seen of a SQLite file without opening it for work, which would migrate it. */
export interface Inspected {
  /** The migrations it has, as its own table has them, by `column`. */
  readonly migrations: readonly (string | number)[];
  /** Size of the write-ahead log beside it. */
  readonly walBytes: number;
}

/**
 * Looks at a SQLite file without changing it.
 * @throws the error of SQLite or of the system when it cannot be read, or is no database of ours
 */
export function inspectSqlite(path: string, column: "name" | "number"): Inspected {
  const connection = new Connection(path, { readonly: true });
  try {
    const rows = connection
      .query<Record<typeof column, string | number>, []>(
        `select ${column} from migrations order by ${column}`,
      )
      .all();
    return { migrations: rows.map((row) => row[column]), walBytes: sizeOf(`${path}-wal`) };
  } finally {
    connection.close();
  }
}

const sizeOf = (path: string): number => statSync(path, { throwIfNoEntry: false })?.size ?? 0;
