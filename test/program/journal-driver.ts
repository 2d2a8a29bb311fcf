/**
 * The process that `journal-kill.ts` kills: records visits as fast as it is let, and prints the number of each
 * one once it is acknowledged. Usage: bun journal-driver.ts <data folder> <strict|window> <map|write> <first number>
 */
import { writeSync } from "node:fs";
import { openClicks } from "../../src/clicks/client.ts";
import { systemClock } from "../../src/lib/clock.ts";
import { openLog } from "../../src/lib/log.ts";
import { domain, link, visit } from "../clicks/support/visits.ts";

const [dataDir = "", durability = "window", mode = "map", first = "0"] = process.argv.slice(2);
const clicks = openClicks({
  dataDir,
  installationId: "inst_kill",
  durability: durability === "strict" ? "strict" : "window",
  syncEveryMs: 10,
  foldEveryMs: 20,
  journalMode: mode === "write" ? "write" : "map",
  honorOptOut: true,
  clock: systemClock,
  log: openLog({ level: "warning", format: "text" }),
});
await clicks.start();

const where = domain();
let number = Number(first);
/** Every visit goes by its number in the query, and to one of fifty links. */
const next = () => {
  const mine = number++;
  return {
    mine,
    recorded: clicks.record(
      visit({
        at: systemClock.now(),
        domain: where,
        link: link({ id: `link_${mine % 50}` }),
        address: `10.0.${mine % 200}.1`,
        query: `utm_content=n${mine}`,
      }),
    ),
  };
};
const acknowledge = (from: number, to: number) => writeSync(1, `${from} ${to}\n`);

for (;;) {
  const before = clicks.health().recorded;
  const batch = Array.from({ length: 1 + Math.floor(Math.random() * 400) }, next);
  const waited = await Promise.allSettled(durability === "strict" ? batch.map((one) => one.recorded) : []);
  // What came faster than segments could be made was counted as unrecorded, and is acknowledged to nobody.
  const isRecorded = clicks.health().recorded - before === batch.length;
  if (isRecorded && waited.every((one) => one.status === "fulfilled"))
    acknowledge(batch[0]!.mine, batch.at(-1)!.mine);
  await new Promise((resolve) => setImmediate(resolve));
}
