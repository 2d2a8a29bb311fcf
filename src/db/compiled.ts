import type { Statement } from "bun:sqlite";
import { is, Param, Placeholder } from "drizzle-orm";
import type { Statements } from "./statements.ts";

/** A query of drizzle's that is put together once. */
export interface Compiled {
  /** What it writes to, as SQL; null for one that reads. */
  readonly text: string | null;
  execute(parameters: Record<string, unknown>): unknown[];
}

/** The parts of drizzle's prepared query that are used here. */
interface Prepared {
  readonly query: { readonly sql: string; readonly params: readonly unknown[] };
  readonly fields: unknown;
  all(parameters: Record<string, unknown>): unknown[];
}
type Binding = Parameters<Statement["run"]>[number];

/**
 * Compiles a query. What answers no rows goes to SQLite by a shorter way than drizzle's, which looks anew at each
 * parameter's class each time.
 */
export function compileQuery(
  build: (prepare: (text: string) => Statement) => { prepare(): unknown },
  statements: Statements,
): Compiled {
  let statement: Statement | null = null;
  const prepared = build((text) => {
    statement = statements.lasting(text);
    return statement;
  }).prepare() as Prepared;
  const { sql, params } = prepared.query;
  const text = /^\s*select\b/i.test(sql) ? null : sql;
  if (prepared.fields) return { text, execute: (parameters) => prepared.all(parameters) };
  const bind = params.map(binder);
  return {
    text,
    execute(parameters) {
      statement!.run(...bind.map((of) => of(parameters)));
      return [];
    },
  };
}

/** Takes a parameter's value out of those given, as the driver wants it. */
function binder(param: unknown): (parameters: Record<string, unknown>) => Binding {
  const [name, encoder] = is(param, Placeholder)
    ? [param.name, null]
    : is(param, Param) && is(param.value, Placeholder)
      ? [param.value.name, param.encoder]
      : [null, null];
  if (name === null) return () => param as Binding;
  return (parameters) => {
    const value = parameters[name];
    if (value === undefined) throw new Error(`No value for placeholder "${name}" was provided`);
    return (encoder === null ? value : encoder.mapToDriverValue(value)) as Binding;
  };
}
