import { expect, test } from "bun:test";
import { join } from "node:path";

/** The long form is `bun test/program/kill.ts 1000`. */
const KILLS = process.env["TEST_KILLS"] ?? "20";

test(`after ${KILLS} kills under load nothing acknowledged is lost, nothing is there twice, and every start worked`, async () => {
  const run = Bun.spawn([process.execPath, join(import.meta.dir, "kill.ts"), KILLS], {
    stdout: "pipe",
    stderr: "pipe",
  });
  const [out, error] = await Promise.all([new Response(run.stdout).text(), new Response(run.stderr).text()]);
  const code = await run.exited;
  // All it said, where it failed: which of the promises was broken stands there.
  expect([code, code === 0 ? "" : error]).toEqual([0, ""]);
  const told = JSON.parse(out) as {
    clicksAcknowledged: number;
    linksAcknowledged: number;
    problems: string[];
  };
  expect(told.problems).toEqual([]);
  expect(told.clicksAcknowledged).toBeGreaterThan(Number(KILLS) * 10);
  expect(told.linksAcknowledged).toBeGreaterThan(Number(KILLS));
}, 600_000);
