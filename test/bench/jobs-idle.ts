import { openDatabase } from "../../src/db/open.ts";
import { systemClock } from "../../src/lib/clock.ts";
import { silentLog } from "../../src/lib/log.ts";
import { openLoop } from "./jobs-load.ts";

// `bun jobs-idle.ts <folder> <milliseconds> <with | without> [postgres url]`: prints the share of a core, in per cent,
// that a process takes that does nothing, with a job loop or without one.
const [dataDir = "", ms = "0", kind = "", databaseUrl = null] = process.argv.slice(2);
const db = await openDatabase({ databaseUrl, dataDir, clock: systemClock, log: silentLog });
const loop = openLoop(db, []);
if (kind === "with") await loop.worker.start();
await Bun.sleep(2000);
const cpu = process.cpuUsage();
await Bun.sleep(Number(ms));
const { user, system } = process.cpuUsage(cpu);
console.log(((user + system) / (Number(ms) * 1000)) * 100);
process.exit(0);
