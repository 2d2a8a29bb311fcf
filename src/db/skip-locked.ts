import { type SQL, sql } from "drizzle-orm";
import type { Database } from "./database.ts";

/**
 * Ids for an update, looked up once, passing over rows that another process is just taking. SQLite has one writer, and
 * nobody to pass over. On Postgres a plain `in (select … limit n)` may be looked up again for every row, and take
 * more than n.
 */
export const pickedBy = (dialect: Database["dialect"], select: SQL): SQL =>
  dialect === "postgres" ? sql`= any(array(${select} for update skip locked))` : sql`in (${select})`;
