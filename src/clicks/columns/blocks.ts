import type { Database } from "bun:sqlite";
import { type Batch, type NumberColumn, newBatch, numbers, spanOf } from "./batch.ts";
import {
  DamagedError,
  packAscending,
  packPlaces,
  packTimes,
  packWords,
  unpackAscending,
  unpackPlaces,
  unpackTimes,
  unpackWords,
} from "./codec.ts";
import { indexed } from "./indexed.ts";
import type { Part } from "./part.ts";

export const BLOCK_CLICKS = 65_536;
/** Numbers of columns in their ids: those of `numbers` by their places, then these. */
const AT = 16;
const CHANCE = 17;
/** Visitors are the largest column. In pieces, so that a question about one link reads little of it. */
const VISITOR = 18;
const PIECE_CLICKS = 8192;
const COLUMNS = 32;
/** Words of link dictionaries that are kept in memory, for questions about one link. */
const KEPT_WORDS = 4_000_000;

export interface Block {
  readonly id: number;
  readonly workspace: number;
  readonly first: number;
  readonly last: number;
  readonly clicks: number;
}

/** Told of what was found damaged. */
export type Report = (message: string, facts: Readonly<Record<string, unknown>>) => void;

/** The blocks on disk. Those found damaged are reported, set aside and no longer named. */
export interface Blocks {
  /** Blocks of a workspace that may hold clicks from `from` up to `to`, by their first. */
  of(workspace: number, from: number, to: number): Block[];
  /** All blocks that may hold clicks of that time. */
  during(from: number, to: number): Block[];
  /** Whether blocks of that workspace and time were set aside. */
  isMissingAny(workspace: number, from: number, to: number): boolean;
  /** @throws what `isDamage` knows, at any of its calls */
  part(block: Block): Part;
  /** @throws what `isDamage` knows */
  read(block: Block): Batch;
  /** Clicks of one workspace, ordered by link, at most `BLOCK_CLICKS`. */
  write(workspace: number, batch: Batch): void;
  remove(block: Block): void;
  /** Those of a workspace that were set aside and end before a time: nobody will read them again. */
  removeDamaged(workspace: number, before: number): void;
  setAside(block: Block, error: Error): void;
  /** After a rollback: numbers of blocks may be given out again. */
  forget(): void;
}

export function openBlocks(db: Database, report: Report): Blocks {
  const of = db.prepare<Block, [number, number, number]>(
    "select id, workspace, first, last, clicks from blocks where workspace = ? and last >= ? and first < ? and damaged = 0 order by first",
  );
  const during = db.prepare<Block, [number, number]>(
    "select id, workspace, first, last, clicks from blocks where last >= ? and first < ? and damaged = 0 order by first",
  );
  const missing = db.prepare<{ id: number }, [number, number, number]>(
    "select id from blocks where workspace = ? and last >= ? and first < ? and damaged = 1 limit 1",
  );
  const dictionaryOf = db.prepare<{ dictionary: Uint8Array }, [number]>(
    "select dictionary from columns where id = ?",
  );
  const dataOf = db.prepare<{ data: Uint8Array }, [number]>("select data from columns where id = ?");
  const insert = db.prepare<{ id: number }, [number, number, number, number]>(
    "insert into blocks (workspace, first, last, clicks) values (?, ?, ?, ?) returning id",
  );
  const insertColumn = db.prepare<unknown, [number, number, number, Uint8Array, Uint8Array]>(
    "insert into columns values (?, ?, ?, ?, ?)",
  );
  const removeColumns = db.prepare<unknown, [number, number]>("delete from columns where id >= ? and id < ?");
  const removeBlock = db.prepare<unknown, [number]>("delete from blocks where id = ?");
  const markDamaged = db.prepare<unknown, [number]>("update blocks set damaged = 1 where id = ?");
  const links = new Map<number, Uint32Array>();
  let keptWords = 0;

  const idOf = (block: Block, column: number): number => block.id * COLUMNS + column;

  function data(block: Block, column: number): Uint8Array {
    const row = dataOf.get(idOf(block, column));
    if (row === null) throw new DamagedError("a column is missing");
    return row.data;
  }

  function readDictionary(block: Block, name: NumberColumn): Uint32Array {
    const row = dictionaryOf.get(idOf(block, numbers.indexOf(name)));
    if (row === null) throw new DamagedError("a column is missing");
    return unpackAscending(row.dictionary);
  }

  function dictionary(block: Block, name: NumberColumn): Uint32Array {
    if (name === "workspace") return Uint32Array.of(block.workspace);
    if (name !== "link") return readDictionary(block, name);
    const kept = links.get(block.id);
    if (kept !== undefined) return kept;
    const found = readDictionary(block, name);
    if (keptWords > KEPT_WORDS) forget();
    keptWords += found.length;
    links.set(block.id, found);
    return found;
  }

  function forget(): void {
    links.clear();
    keptWords = 0;
  }

  function part(block: Block): Part {
    const { clicks: count, first, last, workspace } = block;
    const dictionaries = new Map<NumberColumn, Uint32Array>();
    const dictionaryOnce = (name: NumberColumn): Uint32Array => {
      const found = dictionaries.get(name) ?? dictionary(block, name);
      dictionaries.set(name, found);
      return found;
    };
    return {
      count,
      first,
      last,
      workspace,
      isByLink: true,
      dictionary: dictionaryOnce,
      places(name) {
        const entries = dictionaryOnce(name).length;
        const packed = entries <= 1 ? new Uint8Array() : data(block, numbers.indexOf(name));
        return unpackPlaces(packed, entries, count);
      },
      at: () => unpackTimes(data(block, AT), first, count),
      visitor(from, to) {
        const base = Math.floor(from / PIECE_CLICKS) * PIECE_CLICKS;
        const end = Math.min(count, Math.ceil(to / PIECE_CLICKS) * PIECE_CLICKS);
        const words = new Int32Array(2 * (end - base));
        for (let at = base; at < end; at += PIECE_CLICKS) {
          const packed = data(block, VISITOR + at / PIECE_CLICKS);
          words.set(unpackWords(packed, 2 * Math.min(PIECE_CLICKS, count - at)), 2 * (at - base));
        }
        return { words, base };
      },
    };
  }

  return {
    of: (workspace, from, to) => of.all(workspace, from, to),
    during: (from, to) => during.all(from, to),
    isMissingAny: (workspace, from, to) => missing.get(workspace, from, to) !== null,
    part,
    read(block) {
      const from = part(block);
      const batch = newBatch(block.clicks);
      batch.at.set(from.at());
      batch.visitor.set(from.visitor(0, block.clicks).words);
      batch.chance.set(unpackWords(data(block, CHANCE), block.clicks));
      for (const name of numbers) {
        const values = from.dictionary(name);
        const places = from.places(name);
        const to = batch.numbers[name];
        for (let i = 0; i < to.length; i++) to[i] = values[places[i]!]!;
      }
      return batch;
    },
    write(workspace, batch) {
      const span = spanOf(batch.at);
      const { id } = insert.get(workspace, span.first, span.last, batch.count)!;
      const none = new Uint8Array();
      for (const [column, name] of numbers.entries()) {
        if (name === "workspace") continue;
        const { dictionary: values, places } = indexed(batch.numbers[name]);
        insertColumn.run(
          id * COLUMNS + column,
          values[0]!,
          values.at(-1)!,
          packAscending(values),
          packPlaces(places, values.length),
        );
      }
      for (let at = 0; at < batch.count; at += PIECE_CLICKS) {
        const words = batch.visitor.subarray(2 * at, 2 * Math.min(at + PIECE_CLICKS, batch.count));
        insertColumn.run(id * COLUMNS + VISITOR + at / PIECE_CLICKS, 0, 0, none, packWords(words));
      }
      insertColumn.run(id * COLUMNS + AT, 0, 0, none, packTimes(batch.at, span));
      insertColumn.run(id * COLUMNS + CHANCE, 0, 0, none, packWords(batch.chance));
    },
    remove({ id }) {
      removeColumns.run(id * COLUMNS, (id + 1) * COLUMNS);
      removeBlock.run(id);
      links.delete(id);
    },
    removeDamaged(workspace, before) {
      const which = "from blocks where workspace = ? and last < ? and damaged = 1";
      for (const { id } of db
        .query<{ id: number }, [number, number]>(`select id ${which}`)
        .all(workspace, before)) {
        removeColumns.run(id * COLUMNS, (id + 1) * COLUMNS);
        removeBlock.run(id);
      }
    },
    setAside(block, error) {
      markDamaged.run(block.id);
      report("A damaged block of clicks was set aside; answers about its time lack it", {
        block: block.id,
        clicks: block.clicks,
        from: new Date(block.first).toISOString(),
        to: new Date(block.last).toISOString(),
        error: error.message,
      });
    },
    forget,
  };
}

/** Whether an error says that what was read is damaged, and not that reading failed for now. */
export const isDamage = (error: unknown): error is Error =>
  error instanceof DamagedError ||
  (error instanceof Error && (error as { code?: unknown }).code === "SQLITE_CORRUPT");
