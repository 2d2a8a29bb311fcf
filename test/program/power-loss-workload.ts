import { Database as Connection } from "bun:sqlite";
import { statSync, writeSync } from "node:fs";
import { sql } from "drizzle-orm";
import { migrateSqlite } from "../../src/db/migrate.ts";
import { openSqlite } from "../../src/db/sqlite.ts";
import { startWalThreads, type WalThreads } from "../../src/db/wal-thread.ts";
import { systemClock } from "../../src/lib/clock.ts";
import { silentLog } from "../../src/lib/log.ts";

/**
 * Makes a database and changes it, and says `ack N` when change N was answered:
 * `power-loss-workload.ts PATH CHANGES sync|nosync`. Without syncs it must be caught losing.
 */
const [path, changes, mode] = [process.argv[2]!, Number(process.argv[3]), process.argv[4]];
const CALLERS = 3;

/** Every change writes this text once and counts itself once: a state has all of a change or nothing. */
export const bodyOf = (n: number): string => `change ${n} `.repeat(40 + (n % 7) * 60);

async function threadsWithoutSync(at: string): Promise<WalThreads> {
  return { ...(await startWalThreads(at)), sync: async () => statSync(`${at}-wal`).size };
}

async function work(): Promise<void> {
  const connection = new Connection(path, { create: true, strict: true });
  migrateSqlite(connection, { clock: systemClock, log: silentLog });
  connection.close();
  const db = await openSqlite({
    path,
    clock: systemClock,
    log: silentLog,
    checkpointAt: { copyBytes: 60_000, emptyBytes: 200_000 },
    startThreads: mode === "nosync" ? threadsWithoutSync : startWalThreads,
  });
  const { idempotency, linkTotals } = db.tables;
  let next = 1;
  async function caller(): Promise<void> {
    while (next <= changes) {
      const n = next++;
      await db.transaction(async (tx) => {
        await tx
          .insert(idempotency)
          .values({ id: `${n}`, requestHash: "", status: n, body: bodyOf(n), createdAt: 0, expiresAt: 0 });
        await tx
          .insert(linkTotals)
          .values({
            linkId: "link_all",
            workspaceId: "ws_1",
            shelf: 0,
            clicks: 1,
            uniqueClicks: 0,
            botClicks: 0,
            sequence: n,
          })
          .onConflictDoUpdate({
            target: linkTotals.linkId,
            set: { clicks: sql`${linkTotals.clicks} + 1` },
          });
      });
      writeSync(1, `ack ${n}\n`);
    }
  }
  await Promise.all(Array.from({ length: CALLERS }, caller));
  await db.close();
  process.exit(0);
}

if (import.meta.main) await work();
