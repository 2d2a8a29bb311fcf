import type { Build } from "./database.ts";

/** Rows that are asked for with every write and seldom change. */
export interface Known {
  /** What `ask` answered to the same question, as long as that is true. */
  rows<Row>(build: Build<Row>, parameters: Record<string, unknown>, ask: () => Row[]): Row[];
  /** A statement that writes is about to run. */
  writing(text: string): void;
  /** A transaction begins. `dataVersion` is another one whenever another program has written to the file. */
  begun(dataVersion: number): void;
  /** It was committed or taken back. */
  ended(): void;
}

/**
 * What is written at volume. Nothing that is remembered reads it, and writing it reaches no other table. Whatever else
 * is written to, everything is forgotten: it costs a few lookups, and nobody has to say what hangs on what.
 */
const VOLUME =
  /^(?:insert into|update|delete from) "(?:links|link_tags|link_totals|events|idempotency|jobs|rate_windows|imports|import_links|import_problems)"/;
export const isReading = (text: string): boolean => /^\s*select\b/i.test(text);

const ROWS_MAX = 5000;

/**
 * Remembers in the writer's own turn, so that it can be neither too old nor from a transaction that was lost: the one
 * that writes is the one that forgets, before anybody else has a turn.
 */
export function openKnown(): Known {
  const answers = new Map<Build<unknown>, Map<string, unknown[]>>();
  let size = 0;
  /** This transaction has written what others may remember, and may yet be taken back. */
  let touched = false;
  let seen: number | null = null;

  const forget = (): void => {
    answers.clear();
    size = 0;
  };
  return {
    rows<Row>(build: Build<Row>, parameters: Record<string, unknown>, ask: () => Row[]): Row[] {
      if (touched) return ask();
      const key = JSON.stringify(parameters);
      const found = answers.get(build)?.get(key);
      if (found) return found as Row[];
      const rows = ask();
      if (size >= ROWS_MAX) forget();
      const asked = answers.get(build) ?? new Map<string, unknown[]>();
      answers.set(build, asked.set(key, rows));
      size++;
      return rows;
    },
    writing(text) {
      if (touched || VOLUME.test(text)) return;
      touched = true;
      forget();
    },
    begun(dataVersion) {
      if (dataVersion !== seen) forget();
      seen = dataVersion;
    },
    ended() {
      touched = false;
    },
  };
}
