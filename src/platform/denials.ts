import { type TObject, type TProperties, Type as t } from "@sinclair/typebox";
import type { After, Clock } from "../lib/clock.ts";
import type { Logger } from "../lib/log.ts";
import type { Service } from "../lib/service.ts";
import type { Context } from "./context.ts";
import { change, defineEvent, type EventType } from "./events.ts";
import { nullable } from "./schema.ts";

/** The event of something that strangers bring about as often as they like: it tells how often. */
export const defineRefusal = <P extends TProperties>(name: string, data: P) =>
  defineEvent(
    name,
    t.Object({ ...data, times: t.Integer({ description: "How often, since the last entry of this kind." }) }),
  );

/** A person or a key was refused what they may not do. */
export const accessDenied = defineRefusal("access.denied", {
  method: t.String(),
  route: t.String({ description: "With parameters as `:name`." }),
  permission: nullable(t.String({ description: "What was lacking; null when it was something else." })),
  reason: nullable(
    t.String({ description: "Why a key that is right was not let in: address, origin or extension." }),
  ),
});

/** Something that was refused: one entry for all that are alike, from one place. */
export interface Refusal {
  readonly type: EventType<TObject>;
  readonly subjectId: string;
  readonly data: Readonly<Record<string, string | null>>;
  readonly workspaceId: string | null;
}

export interface Denials extends Service {
  /** Puts a refusal on record. It never fails, and waits for the disk at most once a kind and window. */
  note(ctx: Context, refusal: Refusal): Promise<void>;
  /** Resolves when what is due is on record. For tests. */
  settled(): Promise<void>;
}

/** Refusals of one caller at one route within it are one entry, or two: the first, and how many followed. */
const WINDOW_MS = 10 * 60_000;
/** Kinds of an event that are remembered; the one that has waited longest goes first. */
const KINDS_MAX = 1000;
/** Entries of an event a minute, whatever is tried by however many. */
const ENTRIES_PER_MINUTE = 60;

interface Kind {
  readonly since: number;
  /** Not on record yet. */
  more: number;
  readonly ctx: Context;
  readonly refusal: Refusal;
}

/** One event's: those who bring about one of them cannot crowd out another. */
interface Book {
  readonly kinds: Map<string, Kind>;
  minute: number;
  written: number;
  /** What was forgotten without being written, since it was last told. */
  lost: number;
}

/**
 * Refused attempts belong into the audit log, and must not fill it: whoever is refused chooses how often they ask. So
 * they are counted, and what is written is bounded.
 */
export function openDenials({
  clock,
  log,
  after,
}: {
  readonly clock: Clock;
  readonly log: Logger;
  readonly after: After;
}): Denials {
  const books = new Map<string, Book>();
  const writing = new Set<Promise<void>>();
  let callOff: (() => void) | null = null;
  let sweeping: Promise<void> = Promise.resolve();

  function bookOf({ type }: Refusal): Book {
    const known = books.get(type.name);
    if (known) return known;
    const made: Book = { kinds: new Map(), minute: 0, written: 0, lost: 0 };
    books.set(type.name, made);
    return made;
  }

  function mayWrite(book: Book): boolean {
    const now = Math.floor(clock.now() / 60_000);
    if (now !== book.minute) [book.minute, book.written] = [now, 0];
    return book.written++ < ENTRIES_PER_MINUTE;
  }

  async function write({ ctx, refusal }: Kind, times: number): Promise<void> {
    const { type, subjectId, data, workspaceId } = refusal;
    const written = change(ctx, async (tx) =>
      tx.record(type, subjectId, { ...data, times }, workspaceId as never),
    ).catch((error: unknown) =>
      log.warning("a refusal could not be put on record", {
        type: type.name,
        subjectId,
        ...data,
        times,
        error,
      }),
    );
    writing.add(written);
    await written;
    writing.delete(written);
  }

  /** What has been counted and not told, of kinds whose window is over, or of all. */
  async function sweep(all = false): Promise<void> {
    for (const [name, book] of books) {
      const over = [...book.kinds].filter(([, kind]) => all || clock.now() - kind.since >= WINDOW_MS);
      for (const [key, kind] of over) {
        book.kinds.delete(key);
        if (kind.more > 0) await write(kind, kind.more);
      }
      if (book.lost > 0) log.warning("refusals were not put on record", { type: name, times: book.lost });
      book.lost = 0;
    }
  }

  const hasKinds = () => [...books.values()].some(({ kinds }) => kinds.size > 0);

  function sweepLater(): void {
    callOff ??= after(WINDOW_MS, () => {
      callOff = null;
      sweeping = sweep().then(() => void (hasKinds() && sweepLater()));
    });
  }

  function forgetOldest(book: Book): void {
    const [key, kind] = book.kinds.entries().next().value!;
    book.kinds.delete(key);
    book.lost += kind.more;
  }

  return {
    name: "denials",
    async note(ctx, refusal) {
      const book = bookOf(refusal);
      const { kinds } = book;
      const { workspaceId, subjectId, data } = refusal;
      const key = JSON.stringify([workspaceId, subjectId, Object.values(data)]);
      const known = kinds.get(key);
      if (known && clock.now() - known.since < WINDOW_MS) return void known.more++;
      if (!known && kinds.size >= KINDS_MAX) forgetOldest(book);
      // No retry may find this in place of its answer.
      const { once: _, ...bare } = ctx;
      const kind: Kind = { since: clock.now(), more: known?.more ?? 0, ctx: bare, refusal };
      kinds.delete(key);
      kinds.set(key, kind);
      sweepLater();
      if (!mayWrite(book)) return void kind.more++;
      const times = kind.more + 1;
      kind.more = 0;
      await write(kind, times);
    },
    settled: async () => {
      await sweeping;
      await Promise.all(writing);
    },
    async start() {},
    async stop() {
      callOff?.();
      callOff = null;
      await sweeping;
      await sweep(true);
      await Promise.all(writing);
    },
  };
}
