import type { Database } from "bun:sqlite";
import { type Combinations, openCombinations } from "./combinations.ts";

/** Texts remembered before the memory is emptied and begun anew. */
const TEXTS_MAX = 65_536;
const LINKS_MAX = 131_072;

/** The numbers that stand for texts and for combinations of them. Used inside a transaction. */
export interface Dictionary {
  /** The number of a text, made when it is new. 0 for the empty text. */
  text(text: string): number;
  /** The number of a link, made when it is new. 0 for no link. */
  link(link: string, workspace: string): number;
  readonly agents: Combinations;
  readonly referrers: Combinations;
  readonly campaigns: Combinations;
  /** Numbers given out since the last commit may be given out again: call it after a rollback. */
  forget(): void;
}

export function openDictionary(db: Database): Dictionary {
  const find = db.prepare<{ id: number }, [string]>("select id from texts where text = ?");
  const insert = db.prepare<{ id: number }, [string]>("insert into texts (text) values (?) returning id");
  const findOrInsert = db.prepare<{ id: number }, [string, string]>(
    "insert into links (link, workspace) values (?, ?) on conflict do update set link = link returning id",
  );
  const texts = new Map<string, number>();
  const links = new Map<string, number>();

  function text(value: string): number {
    if (value === "") return 0;
    const known = texts.get(value);
    if (known !== undefined) return known;
    const id = find.get(value)?.id ?? insert.get(value)!.id;
    if (texts.size >= TEXTS_MAX) texts.clear();
    texts.set(value, id);
    return id;
  }

  const agents = openCombinations(db, "agents", text);
  const referrers = openCombinations(db, "referrers", text);
  const campaigns = openCombinations(db, "campaigns", text);
  return {
    text,
    link(link, workspace) {
      if (link === "") return 0;
      const known = links.get(link);
      if (known !== undefined) return known;
      const { id } = findOrInsert.get(link, workspace)!;
      if (links.size >= LINKS_MAX) links.clear();
      links.set(link, id);
      return id;
    },
    agents,
    referrers,
    campaigns,
    forget() {
      texts.clear();
      links.clear();
      agents.forget();
      referrers.forget();
      campaigns.forget();
    },
  };
}
