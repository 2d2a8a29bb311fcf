import { migrations } from "./migrations.ts";

/**
 * The name of the unique index a write has broken, such as `links_slug`, or `links_pkey` for a primary key;
 * null when the error is something else. The same name on both dialects.
 */
export function uniqueViolation(error: unknown): string | null {
  for (const { code, errno, constraint, message } of chain(error)) {
    if (code === "23505" || errno === "23505") return constraint ?? namedIn(message);
    if (code === "SQLITE_CONSTRAINT_PRIMARYKEY") return `${tableIn(message)}_pkey`;
    if (code === "SQLITE_CONSTRAINT_UNIQUE") return sqliteIndex(message);
  }
  return null;
}

/** True when a write broke a unique index: the one that is named, or any. */
export function isUniqueViolation(error: unknown, index?: string): boolean {
  const broken = uniqueViolation(error);
  return broken !== null && (index === undefined || broken === index);
}

/** True when a row refers to one that is not there, or is still referred to. */
export const isForeignKeyViolation = (error: unknown): boolean =>
  has(error, "23503", "23001", "SQLITE_CONSTRAINT_FOREIGNKEY");

/** True when Postgres asks for the transaction to be run once more. */
export const isSerializationFailure = (error: unknown): boolean => has(error, "40001", "40P01");

/** True when there is no room for the write. It may work again later, without a restart. */
export const isDiskFull = (error: unknown): boolean =>
  has(error, "SQLITE_FULL", "SQLITE_IOERR_SHMSIZE", "ENOSPC", "EDQUOT", "53100");

/** The SQLSTATEs and the drivers' own codes, of the error and its causes. */
export const sqlStates = (error: unknown): string[] =>
  Array.from(chain(error)).flatMap(({ code, errno }) =>
    [code, errno].filter((one) => typeof one === "string"),
  );

interface DriverError {
  readonly code?: unknown;
  readonly errno?: unknown;
  readonly constraint?: string;
  readonly message: string;
}

/** The error and its causes: drizzle wraps the driver's error on Postgres, and does not on SQLite. */
function* chain(error: unknown): Generator<DriverError> {
  for (let at: unknown = error; at instanceof Error; at = at.cause) yield at;
}

/** Bun.SQL tells the SQLSTATE in `errno`, every other driver its code in `code`. */
const has = (error: unknown, ...codes: string[]): boolean =>
  chain(error).some(({ code, errno }) => codes.some((wanted) => code === wanted || errno === wanted));

const namedIn = (message: string): string => /constraint "([^"]+)"/.exec(message)?.[1] ?? "";
const tableIn = (message: string): string => /: (\w+)\./.exec(message)?.[1] ?? "";

/** SQLite names an index on an expression, and for all others the columns: `links.domain_id, links.slug_key`. */
function sqliteIndex(message: string): string {
  const named = /: index '(\w+)'/.exec(message)?.[1];
  const columns = /: (.+)$/.exec(message)?.[1] ?? "";
  return named ?? indexByColumns.get(columns) ?? columns;
}

/** Learned from the migrations, so that nobody has to keep a second list. The latest definition holds. */
const indexByColumns = new Map(
  migrations.flatMap(({ sqlite }) =>
    Array.from(
      sqlite.matchAll(/create unique index (\w+) on (\w+) \(([^)]*)\)/gi),
      ([, name, table, columns]): [string, string] => [
        columns!
          .split(",")
          .map((column) => `${table}.${column.trim()}`)
          .join(", "),
        name!,
      ],
    ),
  ),
);
