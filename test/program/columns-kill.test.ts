import { expect, test } from "bun:test";
import { killColumns } from "./columns-kill.ts";

const KILLS = Math.min(40, Number(process.env["TEST_KILLS"] ?? 8));

test("clicks, totals and the place in the journal agree, wherever a fold, a seal, a joining or a purge was killed", async () => {
  const { problems, batches } = await killColumns(KILLS);
  expect(problems).toEqual([]);
  expect(batches).toBeGreaterThan(KILLS);
}, 120_000);
