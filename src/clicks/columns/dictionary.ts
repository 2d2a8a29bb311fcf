import type { Database } from "bun:sqlite";
import { type Combinations, openCombinations } from "./combinations.ts";

/** Texts remembered before the memory is emptied and begun anew. */
const TEXTS_MAX = 65_536;
const LINKS_MAX = 131_072;

/** The numbers that stand for texts and for combinations of them. Used inside a transaction. */
export interface Dictionary {
  /** The number of a text, made when it is new. 0 for the empty text. */
  text(text: string): number;
  /** Writes the numbers of the links of clicks, made when they are new, in their places; 0 for no link. */
  links(wanted: readonly Linked[], into: Uint32Array): void;
  readonly agents: Combinations;
  readonly referrers: Combinations;
  readonly campaigns: Combinations;
  /** Numbers given out since the last commit may be given out again: call it after a rollback. */
  forget(): void;
}

interface Linked {
  readonly linkId: string;
  readonly workspaceId: string;
}

export function openDictionary(db: Database): Dictionary {
  const find = db.prepare<{ id: number }, [string]>("select id from texts where text = ?");
  const insert = db.prepare<{ id: number }, [string]>("insert into texts (text) values (?) returning id");
  const insertLinks = db.prepare<unknown, [string]>(
    `insert into links (link, workspace) select value ->> 0, value ->> 1 from json_each(?) where true
     on conflict do nothing`,
  );
  const findLinks = db.prepare<{ id: number; link: string }, [string]>(
    "select id, link from links where link in (select value from json_each(?))",
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
    links(wanted, into) {
      const unknown = new Map<string, number[]>();
      for (let i = 0; i < wanted.length; i++) {
        const { linkId } = wanted[i]!;
        const known = linkId === "" ? 0 : links.get(linkId);
        if (known !== undefined) into[i] = known;
        else unknown.getOrInsert(linkId, []).push(i);
      }
      if (unknown.size === 0) return;
      // Together and in order: one by one, they cost more than all else of a click.
      const ids = [...unknown.keys()].sort();
      insertLinks.run(JSON.stringify(ids.map((id) => [id, wanted[unknown.get(id)![0]!]!.workspaceId])));
      if (links.size + ids.length > LINKS_MAX) links.clear();
      for (const { id, link } of findLinks.all(JSON.stringify(ids))) {
        links.set(link, id);
        for (const i of unknown.get(link)!) into[i] = id;
      }
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
