import type { Database } from "bun:sqlite";
import { columns } from "./combinations.ts";

type Table = keyof typeof columns;

/** Which texts combinations are made of, in memory: a question about browsers looks each combination of a block up. */
export interface Combined {
  /** For each number of a combination the number of one of its texts; 0 where there is none. */
  texts(table: Table, part: string): Uint32Array;
  /** After rows were removed, or a rollback. */
  forget(): void;
}

interface Known {
  upTo: number;
  readonly parts: Map<string, Uint32Array>;
}

export function openCombined(db: Database): Combined {
  const known = new Map<Table, Known>();

  /** Reads what was added since the last time. */
  function current(table: Table): Known {
    const names = columns[table];
    const found = known.get(table) ?? {
      upTo: 0,
      parts: new Map(names.map((name) => [name, new Uint32Array(256)])),
    };
    known.set(table, found);
    const added = db.query<Record<string, number>, [number]>(
      `select id, ${names.join(", ")} from ${table} where id > ? order by id`,
    );
    for (const row of added.iterate(found.upTo)) {
      found.upTo = row["id"]!;
      for (const name of names) {
        const texts = roomFor(found.parts.get(name)!, found.upTo);
        texts[found.upTo] = row[name]!;
        found.parts.set(name, texts);
      }
    }
    return found;
  }

  return {
    texts: (table, part) => current(table).parts.get(part)!,
    forget: () => known.clear(),
  };
}

function roomFor(texts: Uint32Array, place: number): Uint32Array {
  if (place < texts.length) return texts;
  const wider = new Uint32Array(2 * place);
  wider.set(texts);
  return wider;
}
