/**
 * Kills a process that appends, seals, joins and forgets, again and again: no batch that was acknowledged may be lost, none
 * may be there in part or twice, and totals must be what the clicks say. Usage: bun test/program/columns-kill.ts [kills = 200]
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openColumns } from "../../src/clicks/columns/store.ts";
import { storedIn } from "../clicks/support/stored.ts";

export const KEPT_CLICKS = 40;
export const GONE_CLICKS = 5;
/** A seal every few batches, so that about every third kill meets one. */
export const TAIL_MAX = 160;
const KILL_WITHIN_MS = 250;

export interface Report {
  readonly kills: number;
  readonly batches: number;
  readonly problems: readonly string[];
}

/** One life, and where the last batch had got that it told of. */
async function oneLife(folder: string): Promise<number> {
  const driver = Bun.spawn([process.execPath, join(import.meta.dir, "columns-driver.ts"), folder], {
    stdout: "pipe",
    stderr: "inherit",
  });
  let text = "";
  for await (const chunk of driver.stdout.pipeThrough(new TextDecoderStream())) {
    if (text === "") setTimeout(() => driver.kill("SIGKILL"), Math.random() * KILL_WITHIN_MS);
    text += chunk;
  }
  await driver.exited;
  if (driver.signalCode !== "SIGKILL") throw new Error(`the driver ended by itself: ${driver.exitCode}`);
  // The last line may be cut in two: what it says was not told in full.
  return Number(text.split("\n").at(-2) ?? 0);
}

export async function killColumns(kills: number): Promise<Report> {
  const folder = mkdtempSync(join(tmpdir(), "waypost-columns-kill-"));
  let acknowledged = 0;
  try {
    for (let kill = 0; kill < kills; kill++) acknowledged = Math.max(acknowledged, await oneLife(folder));
    const problems = await problemsIn(folder, acknowledged);
    return { kills, batches: acknowledged / 8, problems };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function problemsIn(folder: string, acknowledged: number): Promise<string[]> {
  const store = openColumns(folder);
  const { offset } = await store.position();
  const whole = { workspaceId: "ws_1", from: 0, to: Number.MAX_SAFE_INTEGER, timezone: "UTC", where: {} };
  const { rows } = await store.query({ ...whole, groupBy: "link", limit: 1000 });
  const totals = await store.totals(rows.map(({ group }) => String(group)));
  await store.close();
  const { contents, ids, rows: stored, counted, totals: sum, integrity } = storedIn(folder);
  const problems = offset < acknowledged ? [`${offset} reached, and ${acknowledged} was told`] : [];
  for (let batch = 1; batch <= offset / 8; batch++)
    if (contents.get(`n${batch}`) !== KEPT_CLICKS)
      problems.push(`batch ${batch} has ${contents.get(`n${batch}`)} clicks`);
  if (contents.size !== offset / 8) problems.push(`${contents.size} batches, and ${offset / 8} were folded`);
  if (ids !== stored) problems.push(`${stored} clicks with ${ids} ids`);
  if (sum !== counted) problems.push(`totals say ${sum}, clicks are ${counted}`);
  for (const { linkId, clicks, uniqueClicks } of totals) {
    const answered = rows.find(({ group }) => group === linkId);
    if (answered?.clicks !== clicks || answered.uniqueClicks !== uniqueClicks)
      problems.push(`${linkId}: totals and answer differ`);
  }
  if (integrity !== "ok") problems.push(integrity);
  return problems;
}

if (import.meta.main) {
  const report = await killColumns(Number(process.argv[2] ?? 200));
  console.log(JSON.stringify(report));
  process.exit(report.problems.length === 0 ? 0 : 1);
}
