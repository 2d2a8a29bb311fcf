import type { Database as Connection, Statement } from "bun:sqlite";

/** A server asks the same few hundred questions; a bulk insert of odd length asks its own once. */
const KEPT_MAX = 256;

/**
 * Compiled statements by their text, the least used leave first. Without it every query is compiled anew, and
 * its memory waits for a garbage collector that cannot see it.
 */
export function keepStatements(connection: Connection): (text: string) => Statement {
  const kept = new Map<string, Statement>();
  return (text) => {
    const known = kept.get(text);
    if (known) {
      kept.delete(text);
      kept.set(text, known);
      return known;
    }
    const made = connection.prepare(text);
    kept.set(text, made);
    if (kept.size > KEPT_MAX) {
      const [oldest, statement] = kept.entries().next().value!;
      kept.delete(oldest);
      statement.finalize();
    }
    return made;
  };
}
