import { getTableColumns, type Placeholder, sql, type Table } from "drizzle-orm";

/** A row whose every column is a parameter of the column's name: the `values` of an insert that is compiled once. */
export const placeholders = <T extends Table>(table: T): { [K in keyof T["_"]["columns"]]: Placeholder } =>
  Object.fromEntries(Object.keys(getTableColumns(table)).map((name) => [name, sql.placeholder(name)])) as {
    [K in keyof T["_"]["columns"]]: Placeholder;
  };
