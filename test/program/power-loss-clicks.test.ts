import { expect, test } from "bun:test";
import { powerLossOfClicks } from "./power-loss-clicks.ts";

test("a power cut at any moment takes no change and no click that was answered, and counts none twice", async () => {
  if (!Bun.which("strace")) return console.log("skipped: there is no strace here");
  const report = await powerLossOfClicks({ changes: 15, mode: "strict", stride: 15 });
  expect(report).toMatchObject({ acknowledged: 30, lost: 0, doubled: 0, corrupt: 0, examples: [] });
  expect(report.states).toBeGreaterThan(30);
  // Answered before the sync, clicks must be seen to be lost: else the test would prove nothing.
  const early = await powerLossOfClicks({ changes: 15, mode: "window", stride: 11 });
  expect(early).toMatchObject({ doubled: 0, corrupt: 0 });
  expect(early.lost).toBeGreaterThan(0);
}, 120_000);
