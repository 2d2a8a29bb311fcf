import { gt, inArray, max, sql } from "drizzle-orm";
import type { LinkTotals } from "../../clicks/store.ts";
import type { Id } from "../../lib/ids.ts";
import type { Service } from "../../lib/service.ts";
import type { Ports } from "../../platform/context.ts";

/** Rows a transaction takes: few, because SQLite runs on the main thread and redirects wait behind it. */
const ROWS_PER_TURN = 100;
const EVERY_MS = 500;

/**
 * Copies changed totals from the click store into the main database, so that lists can sort by them. Totals are
 * absolute and carry a sequence, so being told twice changes nothing and a restart goes on where it was.
 */
export function openTotalsMirror(
  ports: Pick<Ports, "db" | "clicks" | "log">,
): Service & { catchUp(): Promise<void> } {
  const { db, clicks, log } = ports;
  const { linkTotals } = db.tables;
  let sequence: number | null = null;
  let foldedBefore = -1;
  let running: Promise<void> | null = null;
  let timer: Timer | undefined;

  async function store(rows: readonly LinkTotals[]): Promise<void> {
    await db.transaction(async (tx) => {
      const ids = rows.map(({ linkId }) => linkId as Id<"link">);
      const known = await tx
        .select({ id: linkTotals.linkId, workspaceId: linkTotals.workspaceId, shelf: linkTotals.shelf })
        .from(linkTotals)
        .where(inArray(linkTotals.linkId, ids));
      const alive = new Map(known.map((one) => [one.id, one]));
      const values = rows
        .filter(({ linkId }) => alive.has(linkId as Id<"link">))
        .map(({ linkId, clicks: human, uniqueClicks, botClicks, lastClickedAt, sequence: seen }) => ({
          linkId: linkId as Id<"link">,
          workspaceId: alive.get(linkId as Id<"link">)!.workspaceId,
          shelf: alive.get(linkId as Id<"link">)!.shelf,
          clicks: human,
          uniqueClicks,
          botClicks,
          lastClickedAt,
          sequence: seen,
        }));
      if (values.length === 0) return;
      await tx
        .insert(linkTotals)
        .values(values)
        .onConflictDoUpdate({
          target: linkTotals.linkId,
          set: {
            clicks: sql`excluded.clicks`,
            uniqueClicks: sql`excluded.unique_clicks`,
            botClicks: sql`excluded.bot_clicks`,
            lastClickedAt: sql`excluded.last_clicked_at`,
            sequence: sql`excluded.sequence`,
          },
          setWhere: sql`excluded.sequence > ${linkTotals.sequence}`,
        });
    });
  }

  /** Back to nothing, a few rows a turn. Interrupted, it is begun again: some row still has its high sequence. */
  async function clear(): Promise<void> {
    log.warning("The click store is older than the totals of links; they are copied anew");
    const nothing = { clicks: 0, uniqueClicks: 0, botClicks: 0, lastClickedAt: null, sequence: 0 };
    for (let isDone = false; !isDone; )
      isDone = await db.transaction(async (tx) => {
        const rows = await tx
          .select({ id: linkTotals.linkId })
          .from(linkTotals)
          .where(gt(linkTotals.sequence, 0))
          .orderBy(linkTotals.sequence)
          .limit(ROWS_PER_TURN);
        const ids = rows.map(({ id }) => id);
        if (ids.length > 0) await tx.update(linkTotals).set(nothing).where(inArray(linkTotals.linkId, ids));
        return ids.length < ROWS_PER_TURN;
      });
  }

  async function copy(): Promise<void> {
    if (sequence === null) {
      const [row] = await db.read.select({ sequence: max(linkTotals.sequence) }).from(linkTotals);
      const mirrored = row?.sequence ?? 0;
      // The store knows less than was copied from it: it was lost, or is an older one. All is copied anew.
      const isStale = (await clicks.sequenceAtStart()) < mirrored;
      if (isStale) await clear();
      sequence = isStale ? 0 : mirrored;
    }
    for (;;) {
      const rows = await clicks.totalsSince(sequence, ROWS_PER_TURN);
      if (rows.length === 0) return;
      await store(rows);
      sequence = rows.at(-1)!.sequence;
    }
  }

  /** One at a time; a failure is told, and the next tick tries again. */
  function catchUp(): Promise<void> {
    running ??= copy().finally(() => {
      running = null;
    });
    return running;
  }

  function tick(): void {
    const { folded } = clicks.health();
    if (folded === foldedBefore || running !== null) return;
    foldedBefore = folded;
    catchUpOrTell();
  }

  function catchUpOrTell(): void {
    catchUp().catch((error: unknown) => {
      foldedBefore = -1;
      log.warning("could not copy click totals into the main database", { error });
    });
  }

  return {
    name: "totals mirror",
    catchUp,
    async start() {
      timer ??= setInterval(tick, EVERY_MS);
      // Not waited for: after a kill much may be left to fold, and visitors need none of it.
      catchUpOrTell();
    },
    async stop() {
      clearInterval(timer);
      timer = undefined;
      await running?.catch(() => {});
    },
  };
}
