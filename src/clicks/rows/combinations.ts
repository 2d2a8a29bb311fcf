import type { Database } from "bun:sqlite";

/** Combinations remembered before the memory is emptied and begun anew. */
const KNOWN_MAX = 32_768;

const columns = {
  agents: ["browser_version", "browser", "os_version", "os", "engine", "device"],
  referrers: ["url", "host"],
  campaigns: ["campaign", "source", "medium", "content", "term"],
} as const;

/** The numbers of rows in a table whose rows are combinations of texts. */
export interface Combinations {
  /** @param parts texts in the order of the table's columns above */
  of(parts: readonly string[]): number;
  forget(): void;
}

type Node = Map<string, Node | number>;

/** @param text the number of a text */
export function openCombinations(
  db: Database,
  table: keyof typeof columns,
  text: (value: string) => number,
): Combinations {
  const names = columns[table].join(", ");
  const marks = columns[table].map(() => "?").join(", ");
  const find = db.prepare<{ id: number }, number[]>(`select id from ${table} where (${names}) = (${marks})`);
  const insert = db.prepare<{ id: number }, number[]>(
    `insert into ${table} (${names}) values (${marks}) returning id`,
  );
  // A map within a map for every part. The parts are the same few strings again and again, whose hashes the
  // runtime keeps; a key made of them would be hashed anew each time.
  let root: Node = new Map();
  let size = 0;

  function make(parts: readonly string[]): number {
    const ids = parts.map(text);
    if (size++ >= KNOWN_MAX) forget();
    return find.get(...ids)?.id ?? insert.get(...ids)!.id;
  }

  function remember(parts: readonly string[], id: number): void {
    let node = root;
    for (const part of parts.slice(0, -1)) {
      const next = (node.get(part) as Node | undefined) ?? new Map();
      node.set(part, next);
      node = next;
    }
    node.set(parts.at(-1)!, id);
  }

  function forget(): void {
    root = new Map();
    size = 0;
  }

  return {
    of(parts) {
      let found: Node | number | undefined = root;
      for (const part of parts) {
        found = (found as Node).get(part);
        if (found === undefined) break;
      }
      if (found !== undefined) return found as number;
      const made = make(parts);
      remember(parts, made);
      return made;
    },
    forget,
  };
}
