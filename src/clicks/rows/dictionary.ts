import type { Database } from "bun:sqlite";

/** Texts remembered before the memory is emptied and begun anew. */
const KNOWN_MAX = 262_144;

/** The numbers that stand for texts and for combinations of them. Used inside a transaction. */
export interface Dictionary {
  /** The number of a text, made when it is new. 0 for the empty text. */
  text(text: string): number;
  /** The number of a row of ids in one of the combination tables. `key` stands for the parts. */
  combination(table: Combination, key: string, parts: () => readonly string[]): number;
  /** The number of a link, made when it is new. 0 for no link. */
  link(link: string, workspace: string): number;
  /** Numbers given out since the last commit may be given out again: call it after a rollback. */
  forget(): void;
}

const combinations = {
  agents: ["device", "browser", "browser_version", "os", "os_version", "engine"],
  referrers: ["host", "url"],
  campaigns: ["source", "medium", "campaign", "term", "content"],
} as const;
export type Combination = keyof typeof combinations;

export function openDictionary(db: Database): Dictionary {
  const texts = numbered((text: string) => find.get(text)?.id ?? insert.get(text)!.id);
  const find = db.prepare<{ id: number }, [string]>("select id from texts where text = ?");
  const insert = db.prepare<{ id: number }, [string]>("insert into texts (text) values (?) returning id");
  const linkId = db.prepare<{ id: number }, [string, string]>(
    "insert into links (link, workspace) values (?, ?) on conflict do update set link = link returning id",
  );
  const links = new Map<string, number>();
  const tables = {
    agents: combinationTable(db, "agents"),
    referrers: combinationTable(db, "referrers"),
    campaigns: combinationTable(db, "campaigns"),
  };
  const text = (value: string) => (value === "" ? 0 : texts.of(value));
  return {
    text,
    combination: (table, key, parts) => tables[table].of(key, parts, text),
    link(link, workspace) {
      if (link === "") return 0;
      const known = links.get(link);
      if (known !== undefined) return known;
      const id = linkId.get(link, workspace)!.id;
      if (links.size >= KNOWN_MAX) links.clear();
      links.set(link, id);
      return id;
    },
    forget() {
      texts.forget();
      links.clear();
      for (const table of Object.values(tables)) table.forget();
    },
  };
}

/** Remembers numbers by text; `make` finds or makes the ones it does not know. */
function numbered(make: (key: string) => number): { of(key: string): number; forget(): void } {
  const known = new Map<string, number>();
  return {
    of(key) {
      const id = known.get(key);
      if (id !== undefined) return id;
      const made = make(key);
      if (known.size >= KNOWN_MAX) known.clear();
      known.set(key, made);
      return made;
    },
    forget: () => known.clear(),
  };
}

function combinationTable(db: Database, table: Combination) {
  const columns = combinations[table];
  const names = columns.join(", ");
  const marks = columns.map(() => "?").join(", ");
  const find = db.prepare<{ id: number }, number[]>(`select id from ${table} where (${names}) = (${marks})`);
  const insert = db.prepare<{ id: number }, number[]>(
    `insert into ${table} (${names}) values (${marks}) returning id`,
  );
  const known = new Map<string, number>();
  return {
    of(key: string, parts: () => readonly string[], text: (value: string) => number): number {
      const id = known.get(key);
      if (id !== undefined) return id;
      const ids = parts().map(text);
      const made = find.get(...ids)?.id ?? insert.get(...ids)!.id;
      if (known.size >= KNOWN_MAX) known.clear();
      known.set(key, made);
      return made;
    },
    forget: () => known.clear(),
  };
}
