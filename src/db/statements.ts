import type { Database as Connection, Statement } from "bun:sqlite";

/** Compiled statements of one connection. */
export interface Statements {
  /** For a query of the moment: among the last few hundred it is compiled once. Use it before the next await. */
  passing(text: string): Statement;
  /** For a query that is kept: it stays compiled until the end. */
  lasting(text: string): Statement;
  /** Forgets all of them. A connection with statements left is not really closed. */
  finalize(): void;
}

/** A server asks the same few hundred questions; a bulk insert of odd length asks its own once. */
const PASSING_MAX = 256;

/**
 * Without it every query is compiled anew, and its memory waits for a garbage collector that cannot see it.
 */
export function openStatements(connection: Connection): Statements {
  /** The one used last stands last. */
  const passing = new Map<string, Statement>();
  const lasting: Statement[] = [];

  return {
    passing(text) {
      const known = passing.get(text);
      const statement = known ?? connection.prepare(text);
      if (known) passing.delete(text);
      passing.set(text, statement);
      if (passing.size > PASSING_MAX) {
        const [oldest, unused] = passing.entries().next().value!;
        passing.delete(oldest);
        unused.finalize();
      }
      return statement;
    },
    lasting(text) {
      const statement = connection.prepare(text);
      lasting.push(statement);
      return statement;
    },
    finalize() {
      for (const statement of [...passing.values(), ...lasting]) statement.finalize();
      passing.clear();
    },
  };
}
