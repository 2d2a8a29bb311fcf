import type { Database } from "bun:sqlite";
import { type Batch, batchOver, joined } from "./batch.ts";
import { isDamage, type Report } from "./blocks.ts";
import { pack, unpack } from "./codec.ts";
import { type Part, partOver } from "./part.ts";

/** Neighbours are joined up to so many clicks: a row for each of a few clicks would be many rows. */
const JOINED_MAX = 8192;

/** Clicks that are in no block yet: on disk, and in memory as they are asked for. */
export interface Tail {
  readonly count: number;
  /** Whether something of it was damaged and set aside. */
  readonly isMissingAny: boolean;
  batches(): Batch[];
  parts(): Part[];
  /** At most a block's clicks. To be called in the transaction that moves the position. */
  append(batch: Batch): void;
  clear(): void;
  /** After a rollback: it is read again when it is asked for. */
  forget(): void;
}

interface Row {
  readonly id: number;
  readonly batch: Batch;
  part: Part | null;
}

export function openTail(db: Database, report: Report): Tail {
  const read = db.prepare<{ id: number; clicks: number; data: Uint8Array; damaged: number }, []>(
    "select id, clicks, data, damaged from tail order by id",
  );
  const insert = db.prepare<{ id: number }, [number, Uint8Array]>(
    "insert into tail (clicks, data) values (?, ?) returning id",
  );
  const remove = db.prepare<unknown, [number]>("delete from tail where id = ?");
  const markDamaged = db.prepare<unknown, [number]>("update tail set damaged = 1 where id = ?");
  let known: Row[] | null = null;
  let count = 0;
  let isMissingAny = false;

  function rows(): Row[] {
    if (known !== null) return known;
    known = [];
    count = 0;
    for (const { id, clicks, data, damaged } of read.all()) {
      const batch = damaged === 1 ? null : whole(id, clicks, data);
      if (batch === null) isMissingAny = true;
      else known.push({ id, batch, part: null });
      count += batch?.count ?? 0;
    }
    return known;
  }

  function whole(id: number, clicks: number, data: Uint8Array): Batch | null {
    try {
      return batchOver(unpack(data), clicks);
    } catch (error) {
      if (!isDamage(error) && !(error instanceof RangeError)) throw error;
      markDamaged.run(id);
      report("Damaged clicks that were in no block yet were set aside", { clicks, error: error.message });
      return null;
    }
  }

  return {
    get count() {
      rows();
      return count;
    },
    get isMissingAny() {
      rows();
      return isMissingAny;
    },
    batches: () => rows().map(({ batch }) => batch),
    parts() {
      return rows().map((row) => {
        row.part ??= partOver(row.batch);
        return row.part;
      });
    },
    append(batch) {
      if (batch.count === 0) return;
      const all = rows();
      count += batch.count;
      let whole = batch;
      // Each time with a neighbour that is not larger than what is there: a click's row doubles each time.
      for (;;) {
        const last = all.at(-1);
        if (last === undefined || last.batch.count > whole.count) break;
        if (last.batch.count + whole.count > JOINED_MAX) break;
        whole = joined([last.batch, whole]);
        remove.run(last.id);
        all.pop();
      }
      all.push({ id: insert.get(whole.count, pack(whole.bytes))!.id, batch: whole, part: null });
    },
    clear() {
      db.run("delete from tail where damaged = 0");
      known = [];
      count = 0;
    },
    forget() {
      known = null;
    },
  };
}
