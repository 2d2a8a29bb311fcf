import { and, eq, lt, sql } from "drizzle-orm";
import type { Build, Database } from "../../db/database.ts";
import type { After } from "../../lib/clock.ts";
import type { Logger } from "../../lib/log.ts";
import type { Service } from "../../lib/service.ts";
import type { Counter } from "./counter.ts";
import { WINDOW_SECONDS, type WindowName, windowNames } from "./tier.ts";

export interface KeeperOptions {
  readonly db: Database;
  readonly counter: Counter;
  readonly after: After;
  readonly log: Logger;
}

export interface LimitKeeper extends Service {
  /** Writes down what was counted since the last time, and learns what other processes have counted. */
  save(names?: readonly WindowName[]): Promise<void>;
}

const EVERY_MS = 2000;
/** SQLite runs on the main thread: redirects go on between slices. */
const ROWS_AT_ONCE = 200;

const { placeholder } = sql;

/** Adds to what is there of the same window; an older window is replaced, and never comes back. */
const addCalls: Build<{ used: number }> = (queries, { rateWindows }) =>
  queries
    .insert(rateWindows)
    .values({
      subject: placeholder("subject"),
      seconds: placeholder("seconds"),
      startedAt: placeholder("startedAt"),
      used: placeholder("used"),
    })
    .onConflictDoUpdate({
      target: [rateWindows.subject, rateWindows.seconds],
      set: {
        used: sql`case when ${rateWindows.startedAt} = excluded.started_at then ${rateWindows.used} else 0 end + excluded.used`,
        startedAt: sql`excluded.started_at`,
      },
      setWhere: sql`excluded.started_at >= ${rateWindows.startedAt}`,
    })
    .returning({ used: rateWindows.used });

const dropPast: Build = (queries, { rateWindows }) =>
  queries
    .delete(rateWindows)
    .where(
      and(
        eq(rateWindows.seconds, placeholder("seconds")),
        lt(rateWindows.startedAt, placeholder("startedAt")),
      ),
    );

/**
 * Keeps counted calls over a restart: hours and days every two seconds, minutes at a stop. Where several processes
 * share a database, minutes too: each learns what the others have counted when it writes down its own.
 */
export function openLimitKeeper({ db, counter, after, log }: KeeperOptions): LimitKeeper {
  const { rateWindows } = db.tables;
  const everyTime: readonly WindowName[] = db.signals === null ? ["hour", "day"] : windowNames;
  const sweptAt = new Map<WindowName, number>();
  let callOff: (() => void) | null = null;
  let running: Promise<void> = Promise.resolve();

  async function saveWindow(name: WindowName): Promise<void> {
    const window = counter.window(name);
    const { startedAt, unsaved } = window;
    if (unsaved.size === 0) return;
    window.unsaved = new Map();
    const calls = [...unsaved];
    for (let from = 0; from < calls.length; from += ROWS_AT_ONCE) {
      const slice = calls.slice(from, from + ROWS_AT_ONCE);
      const rows = slice.map(([subject, used]) => ({
        subject,
        seconds: WINDOW_SECONDS[name],
        startedAt,
        used,
      }));
      const totals = await db.each(addCalls, rows).catch((error: unknown) => {
        // Not written: the next time tries again, with what came since.
        if (window.startedAt === startedAt)
          for (const [subject, used] of calls.slice(from))
            window.unsaved.set(subject, (window.unsaved.get(subject) ?? 0) + used);
        throw error;
      });
      if (window.startedAt !== startedAt) return;
      for (const [i, [subject]] of slice.entries()) {
        const total = totals[i]?.[0]?.used;
        if (total !== undefined) window.used.set(subject, total + (window.unsaved.get(subject) ?? 0));
      }
    }
    await sweep(name, startedAt);
  }

  /** Once a window: what is past counts for nobody. */
  async function sweep(name: WindowName, startedAt: number): Promise<void> {
    if (sweptAt.get(name) === startedAt) return;
    sweptAt.set(name, startedAt);
    await db.each(dropPast, [{ seconds: WINDOW_SECONDS[name], startedAt }]);
  }

  function save(names: readonly WindowName[] = everyTime): Promise<void> {
    running = running
      .catch(() => {})
      .then(async () => {
        for (const name of names) await saveWindow(name);
      });
    return running;
  }

  async function load(): Promise<void> {
    for (const name of windowNames) {
      const window = counter.window(name);
      const rows = await db.read
        .select({ subject: rateWindows.subject, used: rateWindows.used })
        .from(rateWindows)
        .where(
          and(eq(rateWindows.seconds, WINDOW_SECONDS[name]), eq(rateWindows.startedAt, window.startedAt)),
        );
      for (const { subject, used } of rows)
        window.used.set(subject, used + (window.unsaved.get(subject) ?? 0));
    }
  }

  function again(): void {
    callOff = after(EVERY_MS, () => {
      save()
        .catch((error: unknown) => log.warning("could not write down what was counted for limits", { error }))
        .finally(() => {
          if (callOff !== null) again();
        });
    });
  }

  return {
    name: "limits",
    save,
    async start() {
      await load();
      again();
    },
    async stop() {
      callOff?.();
      callOff = null;
      await save(windowNames).catch((error: unknown) =>
        log.warning("what was counted for limits is lost with this stop", { error }),
      );
    },
  };
}
