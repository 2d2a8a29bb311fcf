import { Type as t } from "@sinclair/typebox";
import { openDatabase } from "../../src/db/open.ts";
import { systemClock } from "../../src/lib/clock.ts";
import { silentLog } from "../../src/lib/log.ts";
import { defineJob } from "../../src/platform/jobs/job.ts";
import { fill } from "./jobs-load.ts";

// `bun jobs-fill.ts <folder> <jobs> <lane> [postgres url]`: in a process of its own, so that the memory it takes is not
// that of the process that is measured.
const [dataDir = "", count = "0", lane = "", databaseUrl = null] = process.argv.slice(2);
const never = defineJob({ name: "test.never", args: t.Object({}), run: async () => {} });
const db = await openDatabase({ databaseUrl, dataDir, clock: systemClock, log: silentLog });
await fill(db, never, Number(count), lane);
await db.close();
