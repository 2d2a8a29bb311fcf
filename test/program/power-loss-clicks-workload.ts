import { writeSync } from "node:fs";
import { openClicks } from "../../src/clicks/client.ts";
import { openDatabase } from "../../src/db/open.ts";
import { systemClock } from "../../src/lib/clock.ts";
import { silentLog } from "../../src/lib/log.ts";
import { visit } from "../clicks/support/visits.ts";
import { bodyOf } from "./power-loss-workload.ts";

/**
 * Changes the database and records clicks at once, as the program does: `ack N` says that change N was answered,
 * `ack 1000000 + N` that visitor N was. `power-loss-clicks-workload.ts FOLDER CHANGES strict|window`. In `window` mode a
 * visitor is answered before the sync, and must be seen to be lost.
 */
export const CLICK = 1_000_000;

async function work(): Promise<void> {
  const [dataDir, count, durability] = [process.argv[2]!, Number(process.argv[3]), process.argv[4]];
  const db = await openDatabase({ databaseUrl: null, dataDir, clock: systemClock, log: silentLog });
  const clicks = openClicks({
    dataDir,
    installationId: "inst_power",
    durability: durability === "strict" ? "strict" : "window",
    syncEveryMs: 2,
    foldEveryMs: 2,
    // strace does not see what is written into mapped memory.
    journalMode: "write",
    honorOptOut: true,
    clock: systemClock,
    log: silentLog,
  });
  await clicks.start();
  for (let n = 1; n <= count; n++) {
    const recorded = Promise.resolve(clicks.record(visit({ query: `utm_content=n${n}` })));
    const changed = db.transaction(async (tx) => {
      const row = { id: `${n}`, requestHash: "", status: n, body: bodyOf(n), createdAt: 0, expiresAt: 0 };
      await tx.insert(db.tables.idempotency).values(row);
    });
    await Promise.all([
      recorded.then(() => writeSync(1, `ack ${CLICK + n}\n`)),
      changed.then(() => writeSync(1, `ack ${n}\n`)),
    ]);
  }
  await clicks.stop();
  await db.close();
  process.exit(0);
}

if (import.meta.main) await work();
