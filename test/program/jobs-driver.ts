/**
 * A process with changes and jobs and nothing else, to be killed: `bun jobs-driver.ts <folder> <life> <changes>
 * [postgres url]`. Every change writes an event and enqueues a job with the same name; every fourth is rolled back
 * after that. What ran is appended to `<folder>/ran`, one line each, before the job is settled.
 */
import { closeSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import { Type as t } from "@sinclair/typebox";
import { openDatabase } from "../../src/db/open.ts";
import { systemAfter, systemClock } from "../../src/lib/clock.ts";
import { openLog } from "../../src/lib/log.ts";
import { type Context, type Ports, systemActor } from "../../src/platform/context.ts";
import { change, defineEvent } from "../../src/platform/events.ts";
import { defineJob, definePeriodicJob } from "../../src/platform/jobs/job.ts";
import { newKeyring, openKeyring } from "../../src/platform/keyring.ts";
import { openWorker } from "../../src/platform/worker/worker.ts";

const [folder = "", life = "", changes = "0", databaseUrl = null] = process.argv.slice(2);
const WRITERS = 8;
const clock = systemClock;
const log = openLog({ level: "error", format: "text" });

const ran = openSync(join(folder, "ran"), "a");
const mark = defineJob({
  name: "test.mark",
  args: t.Object({ name: t.String() }),
  run: async (_, { name }, { id }) => void writeSync(ran, `${name} ${id}\n`),
});
const secondly = definePeriodicJob({
  name: "test.secondly",
  args: t.Object({}),
  schedule: { everyMs: 1000 },
  run: async (_, __, { id }) => void writeSync(ran, `slot ${id}\n`),
});
const made = defineEvent("test.made", t.Object({}));

const db = await openDatabase({ databaseUrl, dataDir: folder, clock, log });
const ports = {
  ...{ db, clock, log, keyring: openKeyring("", newKeyring()), heard: () => {} },
  get jobs() {
    return worker;
  },
} as Partial<Ports> as Ports;
const worker = openWorker({
  ports,
  context: () => ports,
  types: [mark, secondly],
  stopMs: 5000,
  after: systemAfter,
  startThread: () => {
    throw new Error("no thread here");
  },
});
const ctx: Context = {
  ...ports,
  jobs: worker,
  actor: systemActor(null, []),
  origin: { requestId: null, network: null, userAgent: null },
  at: clock.now(),
  target: "",
  idempotencyKey: null,
};

let next = 0;
async function write(): Promise<void> {
  for (let i = next++; i < Number(changes); i = next++) {
    const name = `${life}-${i}`;
    const stored = change(ctx, async (tx) => {
      tx.record(made, name, {});
      tx.enqueue(mark, { name });
      // Whether a change is rolled back shows in its name, so that whoever counts knows.
      if (i % 4 === 3) throw new Error("rolled back on purpose");
    });
    await stored.then(
      () => process.stdout.write(`${name}\n`),
      (error: Error) => {
        if (error.message !== "rolled back on purpose") throw error;
      },
    );
  }
}

await worker.start();
process.stdout.write("started\n");
await Promise.all(Array.from({ length: WRITERS }, write));
await worker.idle();
process.stdout.write("idle\n");
// Whoever started it says when it has seen enough.
process.on("SIGTERM", async () => {
  await worker.stop();
  await db.close();
  closeSync(ran);
  process.exit(0);
});
setInterval(() => {}, 1000);
