import type { Database } from "bun:sqlite";

/** Combinations remembered before the memory is emptied and begun anew. */
const KNOWN_MAX = 32_768;

/** Texts that combinations are made of, those that differ most first. */
export const columns = {
  agents: ["browser_version", "browser", "os_version", "os", "engine", "device"],
  referrers: ["url", "host"],
  campaigns: ["campaign", "source", "medium", "content", "term"],
} as const;

/** The numbers of rows in a table whose rows are combinations of texts. */
export interface Combinations {
  /** The number of what an object stands for, where it is known. */
  known(key: object | undefined): number | undefined;
  /**
   * @param parts texts in the order of the table's columns above
   * @param key an object that always stands for these texts
   */
  of(parts: readonly string[], key: object | undefined): number;
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
  const findRow = db.prepare<{ id: number }, number[]>(
    `select id from ${table} where (${names}) = (${marks})`,
  );
  const insert = db.prepare<{ id: number }, number[]>(
    `insert into ${table} (${names}) values (${marks}) returning id`,
  );
  // A map within a map for every part. The parts are the same few strings again and again, whose hashes the
  // runtime keeps; a key made of them would be hashed anew each time.
  let root: Node = new Map();
  let size = 0;
  const byKey = new Map<object, number>();

  function make(parts: readonly string[]): number {
    const ids = parts.map(text);
    if (size++ >= KNOWN_MAX) forget();
    return findRow.get(...ids)?.id ?? insert.get(...ids)!.id;
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
    byKey.clear();
  }

  function find(parts: readonly string[]): number {
    let found: Node | number | undefined = root;
    for (const part of parts) {
      found = (found as Node).get(part);
      if (found === undefined) break;
    }
    if (found !== undefined) return found as number;
    const made = make(parts);
    remember(parts, made);
    return made;
  }

  return {
    known: (key) => (key === undefined ? undefined : byKey.get(key)),
    of(parts, key) {
      const id = find(parts);
      if (key === undefined) return id;
      if (byKey.size >= KNOWN_MAX) byKey.clear();
      byKey.set(key, id);
      return id;
    },
    forget,
  };
}
