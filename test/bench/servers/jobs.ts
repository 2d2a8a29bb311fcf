/**
 * The whole app with jobs that do nothing, thousands a second while it is told `busy` on its standard input:
 * `bun servers/jobs.ts <folder> <jobs a second>`.
 */
import { Type as t } from "@sinclair/typebox";
import { openApp } from "../../../src/commands/open.ts";
import { loadConfig } from "../../../src/config.ts";
import { systemClock } from "../../../src/lib/clock.ts";
import { newId } from "../../../src/lib/ids.ts";
import { silentLog } from "../../../src/lib/log.ts";
import { insertJobs, jobRow } from "../../../src/platform/jobs/enqueue.ts";
import { defineJob } from "../../../src/platform/jobs/job.ts";

const [folder = "", rate = "5000", key = ""] = process.argv.slice(2);
const { config } = loadConfig(
  {
    WAYPOST_PORT: "0",
    WAYPOST_DATA_DIR: folder,
    WAYPOST_SETUP_KEY: key,
    WAYPOST_RATE_LIMIT: "0",
    WAYPOST_ALLOW_EPHEMERAL: "true",
  },
  () => "",
);
let ran = 0;
const nothing = defineJob({ name: "bench.nothing", args: t.Object({}), run: async () => void ran++ });
const options = { config, clock: systemClock, log: silentLog, moreJobs: [nothing] };
const app = await openApp(options);
await app.serve();
console.log(app.server.url);

const EVERY_MS = 10;
const { db } = app.ports;
let busy = false;
setInterval(async () => {
  if (!busy) return;
  const now = systemClock.now();
  const by = { actorId: "bench", workspaceId: null, now };
  const rows = Array.from({ length: (Number(rate) * EVERY_MS) / 1000 }, () =>
    jobRow(newId("job", now), nothing, {}, by),
  );
  await db.transaction((tx) => insertJobs(tx, db, rows));
  app.worker.enqueued([{ queue: nothing.queue, runAt: now }]);
}, EVERY_MS);
for await (const line of console) {
  busy = line === "busy";
  console.log(`ran ${ran}`);
  ran = 0;
}
