import { expect, test } from "bun:test";
import { startHeavyThread } from "../../src/heavy.ts";
import { defineTask } from "../../src/platform/jobs/job.ts";
import { openCompute } from "../../src/platform/worker/compute.ts";
import { selfTest } from "../../src/platform/worker/self-test.ts";

const picture = defineTask<object, unknown>("qr.picture");

test("tasks of requests share one thread, one after the other", async () => {
  let started = 0;
  const compute = openCompute(() => {
    started++;
    return startHeavyThread();
  });
  const sums = await Promise.all(
    [[1, 2], [3, 4], [5]].map((numbers) => compute(selfTest, numbers as never, "a")),
  );
  expect([sums as unknown[], started]).toEqual([[3, 7, 5], 1]);
});

test("what a task refuses names its field, and the next task is done", async () => {
  const compute = openCompute(startHeavyThread);
  const refused = await compute(picture, { url: "nothing", path: "/image" }, "a").catch(
    (error: unknown) => error,
  );
  expect(refused).toMatchObject({ code: "VALIDATION_ERROR", details: [{ path: "/image" }] });
  expect((await compute(selfTest, [1, 1] as never, "a")) as unknown).toBe(2);
});

test("more than may wait are told to come again, and those who wait are served", async () => {
  const compute = openCompute(startHeavyThread, { waitingMax: 2 });
  const all = await Promise.allSettled(
    [1, 2, 3, 4].map((one) => compute(selfTest, [one] as never, `${one}`)),
  );
  expect(all.map(({ status }) => status)).toEqual(["fulfilled", "fulfilled", "fulfilled", "rejected"]);
  expect((all[3] as PromiseRejectedResult).reason).toMatchObject({ code: "UNAVAILABLE" });
});

test("a task that does not end is ended, and the next has a new thread", async () => {
  const silent = (): Worker => new Worker(`data:text/javascript,${encodeURIComponent("while (true);")}`);
  const threads = [silent, startHeavyThread];
  const compute = openCompute(() => threads.shift()!(), { timeMaxMs: 200 });
  expect(await compute(selfTest, [1] as never, "a").catch(({ code }) => code)).toBe("UNAVAILABLE");
  expect((await compute(selfTest, [2] as never, "a")) as unknown).toBe(2);
});

test("one who asks for much at once is told so, and others have their turn", async () => {
  const compute = openCompute(startHeavyThread, { perLane: 2 });
  const asked = ["a", "a", "a", "b"].map((lane) => compute(selfTest, [1] as never, lane));
  const all = await Promise.allSettled(asked);
  expect(all.map(({ status }) => status)).toEqual(["fulfilled", "fulfilled", "rejected", "fulfilled"]);
  expect((all[2] as PromiseRejectedResult).reason).toMatchObject({ code: "RATE_LIMITED" });
  expect((await compute(selfTest, [2] as never, "a")) as unknown).toBe(2);
});
