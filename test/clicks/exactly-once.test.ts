import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { cpSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { openColumns } from "../../src/clicks/columns/store.ts";
import type { ClickStore } from "../../src/clicks/store.ts";
import { countLeft } from "./support/counter.ts";
import { segmentWith, temporaryFolder } from "./support/journal.ts";
import { storedIn } from "./support/stored.ts";
import { domain, manyVisits } from "./support/visits.ts";

const folder = temporaryFolder();
const SEGMENTS = 3;
const visits = manyVisits(900, { links: 40 });

/** A data folder as a killed process left it: three segments, nothing folded. */
const left = join(folder, "left");
for (let number = 1; number <= SEGMENTS; number++) {
  const part = visits.slice((number - 1) * 300, number * 300);
  const { path, end } = await segmentWith(join(left, "journal"), part, { number });
  truncateSync(path, end + 4096);
}

/** Copies of the data folder as a kill would leave it, taken at every step of a fold. */
async function statesOf(dataDir: string): Promise<string[]> {
  const states: string[] = [];
  const take = (step: string) => {
    const state = join(folder, `${states.length}-${step}`);
    cpSync(dataDir, state, { recursive: true });
    states.push(state);
  };
  const rows = openColumns(dataDir);
  const watched: ClickStore = {
    ...rows,
    async append(clicks, upTo) {
      take("before-append");
      await rows.append(clicks, upTo);
      take("after-append");
    },
    async durable() {
      await rows.durable();
      take("after-durable");
    },
  };
  const { counter } = await countLeft(dataDir, watched);
  take("all-folded");
  await counter.ask({ name: "stop" });
  take("stopped");
  return states;
}

/** Folds what is left in a state, and counts what is in its store. */
async function countIn(state: string): Promise<{ rows: number; ids: number; totals: number }> {
  const { counter, store } = await countLeft(state);
  const answer = await store.query({
    workspaceId: domain().workspaceId!,
    from: 0,
    to: Number.MAX_SAFE_INTEGER,
    timezone: "UTC",
    where: {},
    limit: 1,
  });
  const totals = await store.totalsSince(0, 1000);
  await counter.ask({ name: "stop" });
  const { rows, ids } = storedIn(state);
  expect(answer.rows[0]!.all).toBe(rows);
  return {
    rows,
    ids,
    totals: totals.reduce((sum, one) => sum + one.clicks + one.botClicks, 0),
  };
}

const working = join(folder, "working");
cpSync(left, working, { recursive: true });
const states = await statesOf(working);
const forgetful = join(folder, "forgetful");
cpSync(states.find((one) => one.endsWith("after-append"))!, forgetful, { recursive: true });

describe("a click is counted once", () => {
  test("whatever step of the fold the process was killed in", async () => {
    expect(states.length).toBe(3 * SEGMENTS + 2);
    for (const state of states)
      expect([state, await countIn(state)]).toEqual([state, { rows: 900, ids: 900, totals: 900 }]);
  });

  test("however often the segments come back from a backup", async () => {
    const state = join(folder, "restored");
    cpSync(left, state, { recursive: true });
    for (let round = 0; round < 3; round++) {
      expect((await countIn(state)).rows).toBe(900);
      cpSync(join(left, "journal"), join(state, "journal"), { recursive: true });
    }
  });

  test("and twice, would the position not be kept with the clicks", async () => {
    const db = new Database(join(forgetful, "clicks.db"));
    db.run('update position set segment = 0, "offset" = 0');
    db.close();
    const counted = await countIn(forgetful);
    expect(counted.rows).toBeGreaterThan(900);
    expect(counted.ids).toBe(900);
  });

  test("and by one folder only: a second one is refused", async () => {
    const state = join(folder, "two");
    cpSync(left, state, { recursive: true });
    const second = openColumns(state);
    await countIn(state);
    await expect(second.append([], { segment: 9, offset: 0 })).rejects.toThrow("Another process");
  });
});
