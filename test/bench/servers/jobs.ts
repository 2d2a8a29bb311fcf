/**
 * The whole app with jobs that do nothing, which begin when it is told `busy` on its standard input:
 * `bun servers/jobs.ts <folder> <jobs> <key> [<database URL>]`.
 */
import { Type as t } from "@sinclair/typebox";
import { openApp } from "../../../src/commands/open.ts";
import { loadConfig } from "../../../src/config.ts";
import { systemClock } from "../../../src/lib/clock.ts";
import { newId } from "../../../src/lib/ids.ts";
import { silentLog } from "../../../src/lib/log.ts";
import { insertJobs, jobRow } from "../../../src/platform/jobs/enqueue.ts";
import { defineJob } from "../../../src/platform/jobs/job.ts";

const [folder = "", count = "0", key = "", databaseUrl] = process.argv.slice(2);
const { config } = loadConfig(
  {
    WAYPOST_PORT: "0",
    WAYPOST_DATA_DIR: folder,
    WAYPOST_SETUP_KEY: key,
    WAYPOST_RATE_LIMIT: "0",
    WAYPOST_ALLOW_EPHEMERAL: "true",
    ...(databaseUrl === undefined ? {} : { WAYPOST_DATABASE_URL: databaseUrl }),
  },
  () => "",
);
let ran = 0;
const nothing = defineJob({ name: "bench.nothing", args: t.Object({}), run: async () => void ran++ });
const options = { config, clock: systemClock, log: silentLog, moreJobs: [nothing] };
const app = await openApp(options);
await app.serve();
console.log(app.server.url);

// Jobs lie there before anybody measures: making them is not what is measured. Nobody tells the loop of them yet.
async function lieThere(): Promise<void> {
  const now = systemClock.now();
  const by = { actorId: "bench", workspaceId: null, now };
  const { db } = app.ports;
  for (let made = 0; made < Number(count); made += 1000) {
    const rows = Array.from({ length: 1000 }, () => jobRow(newId("job", now), nothing, {}, by));
    await db.transaction((tx) => insertJobs(tx, db, rows));
  }
}
await lieThere();
console.log("ready");
for await (const line of console) {
  if (line === "busy") app.worker.enqueued([{ queue: nothing.queue, runAt: 0 }]);
  console.log(`ran ${ran}`);
  if (line === "refill") {
    await app.worker.idle();
    await lieThere();
    console.log("ready");
  }
  ran = 0;
}
