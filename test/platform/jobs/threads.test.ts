import { afterAll, beforeAll, expect, test } from "bun:test";
import { Type as t } from "@sinclair/typebox";
import type { Database } from "../../../src/db/database.ts";
import { defineJob, defineTask } from "../../../src/platform/jobs/job.ts";
import { handClock } from "../../support/clock.ts";
import { openTestDatabase } from "../../support/database.ts";
import { type JobWorld, jobWorld } from "../../support/jobs.ts";

const clock = handClock();
let db: Database;
let world: JobWorld;
const sums: number[] = [];

const heavy = defineJob({
  name: "test.heavy",
  queue: "heavy",
  args: t.Object({ task: t.String() }),
  attemptsMax: 3,
  async run(_, { task }, job) {
    const sum = await job.compute(defineTask<number[], number>(task, 200e6), [1, 2, 3]);
    sums.push(sum);
  },
});
const light = defineJob({ name: "test.light", queue: "heavy", args: t.Object({}), run: async () => {} });

beforeAll(async () => {
  db = await openTestDatabase(clock);
  world = jobWorld({ db, clock, types: [heavy, light] });
  await world.worker.start();
});
afterAll(async () => {
  await world.worker.stop();
  await db.close();
});

const run = async (task: string): Promise<string> => {
  const [id, next] = await world.change((tx) => [tx.enqueue(heavy, { task }), tx.enqueue(light, {})]);
  if (task === "test.hang") {
    while (world.worker.health().running === 0) await Bun.sleep(1);
    clock.advance(60_000);
  }
  await world.worker.idle();
  expect((await world.row(next!)).state).toBe("done");
  const { state, errors, progressMessage } = await world.row(id!);
  const told = errors.at(-1);
  return told ? `${state}: ${told.code}: ${told.message}` : `${state}, ${progressMessage}`;
};

test("a task answers from its thread, and tells how far it is", async () => {
  expect(await run("test.add")).toBe("done, half");
  expect(sums).toEqual([6]);
});

test("a task that throws fails its attempt with its own words", async () => {
  expect(await run("test.throw")).toBe("scheduled: FAILED: RangeError: out of range");
});

test("a task that ends its process ends its thread alone, and the job is dead and says so", async () => {
  expect(await run("test.exit")).toBe(
    "dead: GIVEN_UP: The thread of test.exit ended by itself before it was done.",
  );
});

test("a task that never returns is ended when its time is over, and leaves nothing running", async () => {
  expect(await run("test.hang")).toBe("scheduled: TIMED_OUT: It was not done within 60 s.");
  expect(world.worker.health()).toEqual({ running: 0, stuck: 0 });
});

test("a task that floods the memory is ended, and the job is dead and says so", async () => {
  expect(await run("test.flood")).toBe("dead: GIVEN_UP: test.flood took more than 200 MB of memory.");
}, 20_000);

test("a task that this version does not have is named", async () => {
  expect(await run("test.unknown")).toBe("dead: GIVEN_UP: There is no task test.unknown in this version.");
});
