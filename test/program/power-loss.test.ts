import { expect, test } from "bun:test";
import { powerLoss } from "./power-loss.ts";

test("a power cut at any moment takes nothing that was acknowledged, and leaves no damage", () => {
  if (!Bun.which("strace")) return console.log("skipped: there is no strace here");
  const report = powerLoss({ changes: 40, mode: "sync", stride: 2 });
  expect(report).toMatchObject({ acknowledged: 40, lost: 0, corrupt: 0, examples: [] });
  expect(report.opened).toBeGreaterThan(300);
  expect(report.emptied).toBeGreaterThan(3);
  // Without these the test would prove nothing.
  expect(powerLoss({ changes: 15, mode: "nosync", stride: 9 }).lost).toBeGreaterThan(10);
  const deaf = powerLoss({ changes: 15, mode: "deaf", stride: 9 });
  expect(deaf.lost).toBeGreaterThan(0);
  expect(deaf.corrupt).toBeGreaterThan(0);
}, 120_000);
