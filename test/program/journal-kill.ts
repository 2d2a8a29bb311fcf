/**
 * Kills a process that records clicks, again and again, and counts afterwards: no acknowledged click may be
 * lost and none counted twice, in rows and in totals. Usage:
 *
 *     bun test/program/journal-kill.ts [kills = 50] [strict|window] [map|write] [control]
 *
 * With `control` the stored position is thrown away before every start; the rig must then find duplicates.
 */
import { Database } from "bun:sqlite";
import { cpSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openClicks } from "../../src/clicks/client.ts";
import { systemClock } from "../../src/lib/clock.ts";
import { openLog } from "../../src/lib/log.ts";
import { storedIn } from "../clicks/support/stored.ts";

const [kills = "50", durability = "window", mode = "map", control] = process.argv.slice(2);
const dataDir = mkdtempSync(join(tmpdir(), "waypost-kill-"));
const database = join(dataDir, "clicks.db");
const acknowledged = new Set<number>();
let next = 0;
let slowestStartMs = 0;

async function oneLife(): Promise<void> {
  const before = performance.now();
  const driver = Bun.spawn(
    [process.execPath, join(import.meta.dir, "journal-driver.ts"), dataDir, durability, mode, String(next)],
    { stdout: "pipe", stderr: "inherit" },
  );
  let text = "";
  for await (const chunk of driver.stdout.pipeThrough(new TextDecoderStream())) {
    // The clock of its life runs from its first acknowledgement.
    if (text === "") {
      slowestStartMs = Math.max(slowestStartMs, performance.now() - before);
      setTimeout(() => driver.kill("SIGKILL"), 5 + Math.random() * 495);
    }
    text += chunk;
  }
  await driver.exited;
  if (driver.signalCode !== "SIGKILL") throw new Error(`the driver ended by itself: ${driver.exitCode}`);
  // The last line may be cut in two: what it says was not told in full.
  for (const line of text.split("\n").slice(0, -1)) {
    const [from = 0, to = 0] = line.split(" ").map(Number);
    for (let number = from; number <= to; number++) acknowledged.add(number);
    next = Math.max(next, to + 1);
  }
  // Numbers that were recorded and not told stay apart from those of the next life.
  next += 1000;
}

/** Throws the position away, as a fold would that kept it elsewhere; segments that were let go of come back. */
function forgetPosition(): void {
  const db = new Database(database);
  db.run('update position set segment = 0, "offset" = 0');
  db.close(true);
}

const began = performance.now();
for (let killed = 0; killed < Number(kills); killed++) {
  await oneLife();
  if (control === "control" && existsSync(database)) forgetPosition();
}

const clicks = openClicks({
  dataDir,
  installationId: "inst_kill",
  durability: "window",
  syncEveryMs: 10,
  journalMode: "auto",
  honorOptOut: true,
  clock: systemClock,
  log: openLog({ level: "warning", format: "text" }),
});
await clicks.start();
await clicks.settled();
const totals = await clicks.totalsSince(0, 1000);
const { quarantined } = clicks.health();
await clicks.stop();

const { contents, integrity } = storedIn(dataDir);
const stored = [...contents].map(([text, times]) => ({ number: Number(text.slice(1)), times }));
const numbers = new Set(stored.map((row) => row.number));
const rows = stored.reduce((sum, row) => sum + row.times, 0);

const result = {
  kills: Number(kills),
  durability,
  mode,
  control: control === "control",
  acknowledged: acknowledged.size,
  stored: numbers.size,
  lost: [...acknowledged].filter((number) => !numbers.has(number)).length,
  doubled: stored.filter((row) => row.times > 1).length,
  totalsOff: totals.reduce((sum, one) => sum + one.clicks + one.botClicks, 0) - rows,
  quarantined,
  integrity,
  slowestStartMs: Math.round(slowestStartMs),
  seconds: Math.round((performance.now() - began) / 1000),
};
console.log(JSON.stringify(result));
const isGood = result.lost === 0 && result.totalsOff === 0 && integrity === "ok" && result.doubled === 0;
if (control === "control" ? result.doubled === 0 : !isGood) {
  const kept = join(tmpdir(), `waypost-kill-failed-${process.pid}`);
  cpSync(dataDir, kept, { recursive: true });
  console.error(`failed; the data folder is kept in ${kept}`);
  process.exitCode = 1;
}
rmSync(dataDir, { recursive: true });
