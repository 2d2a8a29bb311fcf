import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { Type as t } from "@sinclair/typebox";
import type { Database } from "../../src/db/database.ts";
import { type Clock, systemAfter } from "../../src/lib/clock.ts";
import type { Id } from "../../src/lib/ids.ts";
import { countJobs, jobNames, oldestWaiting } from "../../src/platform/jobs/count.ts";
import { GivenUp, Later } from "../../src/platform/jobs/failure.ts";
import { defineJob, definePeriodicJob, type Job, type JobType } from "../../src/platform/jobs/job.ts";
import { type HandClock, handClock } from "../support/clock.ts";
import { type JobWorld, type JobWorldOptions, jobWorld } from "../support/jobs.ts";

const Empty = t.Object({});
const Numbered = t.Object({ n: t.Integer() });

/** What the job loop keeps, whichever database answers. */
export function jobContract(name: string, open: (clock: Clock) => Promise<Database>): void {
  describe(`jobs on ${name}`, () => {
    let clock: HandClock;
    let db: Database;
    const worlds: JobWorld[] = [];
    const world = (types: readonly JobType[], more: Partial<JobWorldOptions> = {}): JobWorld => {
      const one = jobWorld({ db, clock, types, ...more });
      worlds.push(one);
      return one;
    };
    const timed: Clock = { now: () => clock.now() };
    beforeAll(async () => {
      clock = handClock();
      db = await open(timed);
    }, 60_000);
    beforeEach(() => {
      clock = handClock();
    });
    afterEach(async () => {
      await stopAll(worlds.splice(0), clock);
      await db.transaction(async (tx) => {
        await tx.delete(db.tables.jobs);
        await tx.delete(db.tables.events);
      });
    });
    afterAll(() => db.close());

    const seen: { n: number; id: string; attempt: number }[] = [];
    const note = defineJob({
      name: "test.note",
      args: Numbered,
      run: async (_, { n }, { id, attempt }) => void seen.push({ n, id, attempt }),
    });
    beforeEach(() => void seen.splice(0));
    const numbers = () => seen.map(({ n }) => n);

    test("a committed change always has its job, and a rolled back one never", async () => {
      const { worker, change, row } = world([note]);
      await worker.start();
      const id = await change((tx) => tx.enqueue(note, { n: 1 }));
      const undone = change((tx) => {
        tx.enqueue(note, { n: 2 });
        throw new Error("no");
      });
      expect(undone).rejects.toThrow("no");
      await undone.catch(() => {});
      await worker.idle();
      expect(numbers()).toEqual([1]);
      expect(await row(id)).toMatchObject({ state: "done", attempts: 1, owner: null, endedAt: clock.now() });
    });

    test("jobs enqueued by the thousand in one change all run, each once", async () => {
      const { worker, change } = world([note]);
      await worker.start();
      await change((tx) => {
        for (let n = 0; n < 1200; n++) tx.enqueue(note, { n });
      });
      await worker.idle();
      expect(numbers().sort((a, b) => a - b)).toEqual(Array.from({ length: 1200 }, (_, n) => n));
    });

    test("a job waits for its moment, and lower priorities go first within a lane", async () => {
      const { worker, change } = world([note], { limits: { default: { running: 1, perLane: 1 } } });
      await change((tx) => {
        tx.enqueue(note, { n: 1 }, { priority: 5 });
        tx.enqueue(note, { n: 2 });
        tx.enqueue(note, { n: 3 }, { priority: -5 });
        tx.enqueue(note, { n: 4 }, { runAt: clock.now() + 60_000 });
      });
      await worker.start();
      await worker.idle();
      expect(numbers()).toEqual([3, 2, 1]);
      clock.advance(59_999);
      await worker.idle();
      expect(numbers()).toEqual([3, 2, 1]);
      clock.advance(1);
      await worker.idle();
      expect(numbers()).toEqual([3, 2, 1, 4]);
    });

    test("a job that was scheduled in this process begins at its time without being asked for", async () => {
      const { worker, change } = world([note]);
      await worker.start();
      await worker.idle();
      await change((tx) => tx.enqueue(note, { n: 1 }, { runAt: clock.now() + 30_000 }));
      clock.advance(29_999);
      await tick();
      expect(seen).toHaveLength(0);
      await until(() => seen.length === 1 || advanceBy(clock, 1000));
    });

    test("a failed job comes back later and later, and is dead after its last attempt, and told of", async () => {
      const failing = defineJob({
        name: "test.fail",
        args: Empty,
        attemptsMax: 3,
        run: async () => {
          throw new Error("not today");
        },
      });
      const { worker, change, row, logged } = world([failing]);
      await worker.start();
      const id = await change((tx) => tx.enqueue(failing, {}));
      await worker.idle();
      const first = await row(id);
      expect(first.state).toBe("scheduled");
      expect(first.runAt - clock.now()).toBeWithin(7500, 12_501);
      clock.advance(12_500);
      await worker.idle();
      const second = await row(id);
      expect(second.runAt - clock.now()).toBeWithin(30_000 - 5000, 50_001);
      clock.advance(50_000);
      await worker.idle();
      const third = await row(id);
      expect(third).toMatchObject({ state: "dead", attempts: 3, owner: null });
      expect(third.errors.map(({ attempt, code, message }) => [attempt, code, message])).toEqual([
        [1, "FAILED", "not today"],
        [2, "FAILED", "not today"],
        [3, "FAILED", "not today"],
      ]);
      expect(logged).toContain("a job is given up");
      const events = await db.read.select().from(db.tables.events);
      expect(events.filter(({ type }) => type === "job.died")).toMatchObject([
        { subjectId: id, actorKind: "job", actorId: id },
      ]);
    });

    test("work says itself when it is to be tried again, or that no attempt can help", async () => {
      const told = defineJob({
        name: "test.told",
        args: Numbered,
        run: async (_, { n }) => {
          throw n === 0 ? new GivenUp("never") : new Later(n, "come back");
        },
      });
      const { worker, change, row } = world([told]);
      await worker.start();
      const [never, later] = await change((tx) => [
        tx.enqueue(told, { n: 0 }),
        tx.enqueue(told, { n: 77_000 }),
      ]);
      await worker.idle();
      expect(await row(never!)).toMatchObject({ state: "dead", attempts: 1 });
      expect(await row(later!)).toMatchObject({ state: "scheduled", runAt: clock.now() + 77_000 });
    });

    test("a job whose code is gone, or whose arguments no longer fit, is dead and named; the next one runs", async () => {
      const old = defineJob({ name: "test.old", args: Numbered, run: async () => {} });
      const before = defineJob({
        name: "test.note",
        args: t.Object({ n: t.String() }),
        run: async () => {},
      });
      const { worker, change, row } = world([note]);
      const [gone, misfit, broken] = await change((tx) => [
        tx.enqueue(old, { n: 1 }),
        tx.enqueue(before, { n: "one" }),
        tx.enqueue(note, { n: 7 }),
        tx.enqueue(note, { n: 8 }),
      ]);
      await db.transaction(async (tx) => {
        const { eq } = await import("drizzle-orm");
        await tx
          .update(db.tables.jobs)
          .set({ args: "{no json" })
          .where(eq(db.tables.jobs.id, broken as Id<"job">));
      });
      await worker.start();
      await worker.idle();
      // Where others share the database, one of them may know what we do not: it is given its attempts.
      for (let i = 0; i < 8 && db.signals !== null; i++) {
        expect((await row(gone!)).state).toBe(i < 7 ? "scheduled" : "dead");
        clock.advance(8 * 3_600_000);
        await worker.idle();
      }
      expect((await row(gone!)).errors.at(-1)).toMatchObject({ code: "UNKNOWN_JOB" });
      for (const id of [misfit!, broken!]) {
        const found = await row(id);
        expect(found.state).toBe("dead");
        expect(found.errors.at(-1)).toMatchObject({ code: "INVALID_ARGS" });
      }
      expect(numbers()).toEqual([8]);
    });

    test("a job of a newer version, claimed by an older process, is done by the newer one", async () => {
      if (db.signals === null) return;
      const older = world([]);
      const newer = world([note]);
      await older.worker.start();
      const id = await newer.change((tx) => tx.enqueue(note, { n: 1 }));
      // The word may be lost that is sent before anybody listens: then the look of every second finds the job.
      await until(async () => {
        clock.advance(50);
        return (await older.row(id)).state === "scheduled";
      });
      await newer.worker.start();
      await older.worker.stop();
      clock.advance(13_000);
      await newer.worker.idle();
      expect(await newer.row(id)).toMatchObject({ state: "done", errors: [{ code: "UNKNOWN_JOB" }] });
    });

    test("a queue that no version of today has is served all the same", async () => {
      const { worker, change, row } = world([note]);
      const strange = { ...note, queue: "gone" as "default" };
      const id = await change((tx) => tx.enqueue(strange, { n: 1 }));
      await worker.start();
      await worker.idle();
      expect((await row(id)).state).toBe("done");
    });

    test("of jobs with the same unique key one is made, until it has ended", async () => {
      const { worker, change, states } = world([note]);
      const enqueue = () => change((tx) => tx.enqueue(note, { n: 1 }, { uniqueKey: "only" }));
      await enqueue();
      await enqueue();
      expect(await states()).toEqual(["waiting"]);
      await worker.start();
      await worker.idle();
      await enqueue();
      await worker.idle();
      expect(numbers()).toEqual([1, 1]);
    });

    test("work that ignores its signal loses its slot, is named, and the queue goes on", async () => {
      const never = Promise.withResolvers<void>();
      const hang = defineJob({ name: "test.hang", args: Empty, attemptsMax: 1, run: () => never.promise });
      const { worker, change, row, logged } = world([hang, note], {
        limits: { default: { running: 1, perLane: 1 } },
      });
      await worker.start();
      const [id] = await change((tx) => [tx.enqueue(hang, {}), tx.enqueue(note, { n: 1 })]);
      await until(() => worker.health().running === 1);
      clock.advance(60_000);
      clock.advance(5000);
      await worker.idle();
      const { state, errors } = await row(id!);
      expect(state).toBe("dead");
      expect(errors[0]).toMatchObject({ code: "STUCK" });
      expect(worker.health().stuck).toBe(1);
      expect(numbers()).toEqual([1]);
      expect(logged).toContain("a job is given up");
      never.resolve();
      await until(() => worker.health().stuck === 0);
    });

    test("work that heeds its signal is told why it must stop, and has timed out", async () => {
      const reasons: unknown[] = [];
      const slow = defineJob({
        name: "test.slow",
        args: Empty,
        timeoutMs: 2000,
        run: async (_, __, { signal }) => {
          await aborted(signal);
          reasons.push((signal.reason as Error).message);
          throw new Error("whatever an aborted call throws");
        },
      });
      const { worker, change, row } = world([slow]);
      await worker.start();
      const id = await change((tx) => tx.enqueue(slow, {}));
      await until(() => worker.health().running === 1);
      clock.advance(2000);
      await worker.idle();
      expect(reasons).toEqual(["It was not done within 2 s."]);
      expect((await row(id)).errors).toMatchObject([{ code: "TIMED_OUT" }]);
    });

    test("a cancelled job is told to stop, and does not come back", async () => {
      const waits = defineJob({
        name: "test.waits",
        args: Empty,
        run: async (_, __, { signal }) => {
          await aborted(signal);
          signal.throwIfAborted();
        },
      });
      const { worker, change, row } = world([waits]);
      await worker.start();
      const id = await change((tx) => tx.enqueue(waits, {}));
      await until(() => worker.health().running === 1);
      worker.cancel(id);
      await worker.idle();
      expect(await row(id)).toMatchObject({ state: "cancelled", endedAt: clock.now() });
    });

    test("a cancel of which no word came is heard with the next sign of life", async () => {
      const waits = defineJob({
        name: "test.waits",
        args: Empty,
        run: async (_, __, { signal }) => {
          await aborted(signal);
          signal.throwIfAborted();
        },
      });
      const { worker, change, row } = world([waits]);
      await worker.start();
      const id = await change((tx) => tx.enqueue(waits, {}));
      await until(() => worker.health().running === 1);
      await db.transaction((tx) => tx.update(db.tables.jobs).set({ cancelAsked: true }));
      clock.advance(10_000);
      await worker.idle();
      expect((await row(id)).state).toBe("cancelled");
    });

    test("a cancelled job that ignores its signal is cancelled all the same, and gives its slot back", async () => {
      const stubborn = defineJob({ name: "test.stubborn", args: Empty, run: () => new Promise(() => {}) });
      const { worker, change, row } = world([stubborn, note], {
        limits: { default: { running: 1, perLane: 1 } },
      });
      await worker.start();
      const [id] = await change((tx) => [tx.enqueue(stubborn, {}), tx.enqueue(note, { n: 1 })]);
      await until(() => worker.health().running === 1);
      worker.cancel(id!);
      clock.advance(5000);
      await worker.idle();
      expect((await row(id!)).state).toBe("cancelled");
      expect(numbers()).toEqual([1]);
    });

    test("progress is written down at once, then once a second at most", async () => {
      const go = Promise.withResolvers<void>();
      const job: { now?: Job } = {};
      const steps = defineJob({
        name: "test.steps",
        args: Empty,
        run: async (_, __, self) => {
          job.now = self;
          await go.promise;
        },
      });
      const { worker, change, row } = world([steps]);
      await worker.start();
      const id = await change((tx) => tx.enqueue(steps, {}));
      await until(() => job.now !== undefined);
      job.now!.progress(0.25, "a quarter");
      await until(async () => (await row(id)).progress === 250);
      job.now!.progress(0.5);
      job.now!.progress(2, "more than all");
      expect((await row(id)).progressMessage).toBe("a quarter");
      clock.advance(1000);
      await until(async () => (await row(id)).progress === 1000);
      expect((await row(id)).progressMessage).toBe("more than all");
      go.resolve();
      await worker.idle();
    });

    test("a stop waits for what runs, and hands back what does not end", async () => {
      const stubborn = defineJob({ name: "test.stubborn", args: Empty, run: () => new Promise(() => {}) });
      const polite = defineJob({
        name: "test.polite",
        args: Empty,
        run: async (_, __, { signal }) => {
          await aborted(signal);
          signal.throwIfAborted();
        },
      });
      const { worker, change, row } = world([stubborn, polite], { stopMs: 5000 });
      await worker.start();
      const ids = await change((tx) => [tx.enqueue(stubborn, {}), tx.enqueue(polite, {})]);
      await until(() => worker.health().running === 2);
      let stopped = false;
      const stopping = worker.stop().then(() => {
        stopped = true;
      });
      await tick();
      clock.advance(4999);
      await tick();
      expect(stopped).toBe(false);
      clock.advance(1);
      await until(async () => (await row(ids[1]!)).state === "waiting" || advanceBy(clock, 500));
      await until(() => stopped || advanceBy(clock, 500));
      await stopping;
      for (const id of ids)
        expect(await row(id)).toMatchObject({ state: "waiting", attempts: 0, losses: 0, owner: null });
    });

    test("a stop hands back what was being claimed when it came", async () => {
      const gate = Promise.withResolvers<void>();
      const reached = Promise.withResolvers<void>();
      const slow: Database = {
        ...db,
        async each(build, parameters) {
          if (parameters.some((one) => "leaseUntil" in one && "lane" in one)) {
            reached.resolve();
            await gate.promise;
          }
          return db.each(build, parameters);
        },
      };
      const { worker, change, row } = world([note], { db: slow });
      await worker.start();
      const id = await change((tx) => tx.enqueue(note, { n: 1 }));
      await reached.promise;
      let stopped = false;
      const stopping = worker.stop().then(() => {
        stopped = true;
      });
      for (let i = 0; i < 20 && !stopped; i++) await tick();
      gate.resolve();
      await stopping;
      expect(await row(id)).toMatchObject({ state: "waiting", owner: null, attempts: 0 });
    });

    test("the jobs of a process that died come back, and one that ends its process is dead after five", async () => {
      const { change, row } = world([note]);
      const id = await change((tx) => tx.enqueue(note, { n: 1 }));
      const ends: string[] = [];
      for (let losses = 1; losses <= 5; losses++) {
        const owner = `run_${losses}`;
        await db.transaction(async (tx) => {
          await tx
            .update(db.tables.jobs)
            .set({ state: "running", owner, leaseUntil: clock.now() + 30_000, attempts: 1 });
        });
        const next = world([note], { limits: { default: { running: 0, perLane: 0 } } });
        await next.worker.start();
        await looks(clock);
        await until(async () => (await row(id)).losses === losses);
        const { state, attempts, errors } = await row(id);
        ends.push(`${state === "dead" ? "dead" : "again"} ${attempts} ${errors.at(-1)?.code}`);
        await stopAll(worlds.splice(1), clock);
      }
      const again = "again 0 LOST";
      expect(ends).toEqual([again, again, again, again, "dead 1 LOST"]);
    });

    test("a process that lives keeps its jobs, whatever its clock or ours is set to", async () => {
      if (db.signals === null) return;
      const go = Promise.withResolvers<void>();
      const long = defineJob({
        name: "test.long",
        args: Empty,
        timeoutMs: 3_600_000,
        run: () => go.promise,
      });
      const { worker, change, row } = world([long]);
      await worker.start();
      const id = await change((tx) => tx.enqueue(long, {}));
      await until(() => worker.health().running === 1);
      const other = world([note]);
      await other.worker.start();
      for (const step of [86_400_000, -90_000_000, 3_600_000, 0, 0, 0, 0, 0]) {
        clock.set(clock.now() + step);
        clock.advance(10_000);
        await Bun.sleep(20);
      }
      expect(await row(id)).toMatchObject({ state: "running", losses: 0 });
      go.resolve();
      await worker.idle();
      expect((await row(id)).state).toBe("done");
    });

    test("a clock that is set ahead or back neither brings a retry at once nor puts it off for ever", async () => {
      let tries = 0;
      const failing = defineJob({
        name: "test.fail",
        args: Empty,
        run: async () => {
          tries++;
          throw new Error("no");
        },
      });
      const { worker, change, row } = world([failing, note]);
      clock.set(clock.now() + 365 * 86_400_000);
      await worker.start();
      const id = await change((tx) => tx.enqueue(failing, {}));
      await change((tx) => tx.enqueue(note, { n: 1 }, { runAt: clock.now() + 60_000 }));
      await worker.idle();
      clock.set(clock.now() - 365 * 86_400_000);
      await worker.idle();
      expect([tries, seen.length]).toEqual([1, 0]);
      expect((await row(id)).runAt - clock.now()).toBeWithin(7000, 13_000);
      clock.advance(13_000);
      await worker.idle();
      expect([tries, seen.length]).toEqual([2, 0]);
      clock.advance(60_000);
      await worker.idle();
      expect(numbers()).toEqual([1]);
    });

    test("a retry that a clock years ahead put off is tried again after a restart under the right clock", async () => {
      let tries = 0;
      const failing = defineJob({
        name: "test.fail",
        args: Empty,
        run: async () => {
          tries++;
          throw new Error("no");
        },
      });
      const today = clock.now();
      clock.set(today + 14 * 365 * 86_400_000);
      const first = world([failing, note]);
      await first.worker.start();
      const id = await first.change((tx) => tx.enqueue(failing, {}));
      await first.worker.idle();
      await first.worker.stop();
      clock.set(today);
      const moment = today + 86_400_000;
      await first.change((tx) => tx.enqueue(note, { n: 1 }, { runAt: moment }));
      // Behind for a start, as a machine without a battery is: what has a moment of its own keeps it.
      clock.set(today - 3_600_000);
      const second = world([failing, note]);
      await second.worker.start();
      await second.worker.idle();
      expect((await second.row(id)).runAt - clock.now()).toBeLessThan(13_000);
      clock.advance(13_000);
      await second.worker.idle();
      expect([tries, seen.length]).toEqual([2, 0]);
      const rows = await db.read.select().from(db.tables.jobs);
      expect(rows.filter(({ name }) => name === "test.note").map(({ runAt }) => runAt)).toEqual([moment]);
    });

    test("a job that was called off while its process died does not come back", async () => {
      const { change, row } = world([note]);
      const id = await change((tx) => tx.enqueue(note, { n: 1 }));
      await db.transaction(async (tx) => {
        await tx.update(db.tables.jobs).set({
          state: "running",
          owner: "run_dead",
          leaseUntil: clock.now(),
          attempts: 1,
          cancelAsked: true,
        });
      });
      const next = world([note]);
      await next.worker.start();
      await looks(clock);
      await until(async () => (await row(id)).state === "cancelled");
      expect((await row(id)).endedAt).not.toBeNull();
      await next.worker.idle();
      expect(seen).toEqual([]);
    });

    test("jobs are counted by name and state, for all and for a workspace, and the oldest is known", async () => {
      const { change } = world([note]);
      await change((tx) => {
        for (let n = 0; n < 25; n++) tx.enqueue(note, { n }, { workspaceId: n < 10 ? "ws_one" : null });
      });
      expect(await jobNames(db, null)).toEqual(["test.note"]);
      expect(await jobNames(db, "ws_none")).toEqual([]);
      expect(await countJobs(db, null, "test.note", "waiting")).toBe(25);
      expect(await countJobs(db, "ws_one", "test.note", "waiting")).toBe(10);
      expect(await countJobs(db, null, "test.note", "waiting", 7)).toBe(7);
      expect(await countJobs(db, null, "test.note", "done")).toBe(0);
      expect(await oldestWaiting(db, "test.note")).toBe(clock.now());
      expect(await oldestWaiting(db, "test.other")).toBeNull();
    });

    test("one lane has no more than its share, and leaves room for others", async () => {
      const go = Promise.withResolvers<void>();
      const running: string[] = [];
      const hang = defineJob({
        name: "test.lane",
        args: t.Object({ lane: t.String() }),
        run: async (_, { lane }) => {
          running.push(lane);
          await go.promise;
        },
      });
      const { worker, change } = world([hang], { limits: { default: { running: 10, perLane: 4 } } });
      await change((tx) => {
        for (let i = 0; i < 50; i++) tx.enqueue(hang, { lane: "loud" }, { lane: "loud" });
      });
      await worker.start();
      await until(() => running.length === 4);
      await change((tx) => {
        for (let i = 0; i < 3; i++) tx.enqueue(hang, { lane: `quiet${i}` }, { lane: `quiet${i}` });
      });
      await until(() => running.length === 7);
      expect(running.filter((lane) => lane === "loud")).toHaveLength(4);
      go.resolve();
      await worker.idle();
      expect(running).toHaveLength(53);
    });

    test("every lane of many has its turn, however few slots there are", async () => {
      const lanes: string[] = [];
      const mark = defineJob({
        name: "test.mark",
        args: t.Object({ lane: t.String() }),
        run: async (_, { lane }) => void lanes.push(lane),
      });
      const { worker, change } = world([mark], { limits: { default: { running: 3, perLane: 3 } } });
      await change((tx) => {
        for (let lane = 0; lane < 150; lane++)
          for (let i = 0; i < 2; i++)
            tx.enqueue(mark, { lane: `lane${lane}` }, { lane: `lane${String(lane).padStart(3, "0")}` });
      });
      await worker.start();
      await worker.idle();
      expect(new Set(lanes.slice(0, 150)).size).toBeGreaterThan(140);
      expect(lanes).toHaveLength(300);
    }, 20_000);

    test("a periodic job runs once in each slot, and once for all slots that were missed", async () => {
      const slots: number[] = [];
      const hourly = definePeriodicJob({
        name: "test.hourly",
        args: Empty,
        schedule: { everyMs: 3_600_000 },
        run: async (ctx) => void slots.push(ctx.clock.now()),
      });
      const { worker } = world([hourly]);
      await worker.start();
      await worker.idle();
      expect(slots).toHaveLength(0);
      const second = world([hourly]);
      await second.worker.start();
      for (let i = 0; i < 3; i++) {
        clock.advance(3_600_000);
        await Promise.all([worker.idle(), second.worker.idle()]);
        await worker.idle();
      }
      expect(slots).toHaveLength(3);
      // Seven days off: what is left behind is one row.
      clock.set(clock.now() + 7 * 86_400_000);
      await Promise.all([worker.idle(), second.worker.idle()]);
      expect(slots).toHaveLength(4);
      // Set back by an hour and a half: what has run does not run again, and the next slot is not forgotten.
      clock.set(clock.now() - 5_400_000);
      await worker.idle();
      expect(slots).toHaveLength(4);
      clock.set(clock.now() + 3 * 3_600_000);
      await worker.idle();
      expect(slots.length).toBeGreaterThanOrEqual(5);
    });

    test("two processes run each job once between them", async () => {
      if (db.signals === null) return;
      const first = world([note]);
      const second = world([note]);
      await Promise.all([first.worker.start(), second.worker.start()]);
      await first.change((tx) => {
        for (let n = 0; n < 500; n++) tx.enqueue(note, { n });
      });
      await Promise.all([first.worker.idle(), second.worker.idle()]);
      await first.worker.idle();
      expect(numbers().sort((a, b) => a - b)).toEqual(Array.from({ length: 500 }, (_, n) => n));
      expect(new Set(seen.map(({ id }) => id)).size).toBe(500);
    });

    test("a process hears of what another has enqueued, and of what is to be cancelled", async () => {
      if (db.signals === null) return;
      const waits = defineJob({
        name: "test.waits",
        args: Empty,
        run: async (_, __, { signal }) => {
          await aborted(signal);
          signal.throwIfAborted();
        },
      });
      const runs = world([waits]);
      await runs.worker.start();
      await runs.worker.idle();
      const asks = world([]);
      await asks.worker.start();
      void asks.worker.stop();
      const id = await asks.change((tx) => tx.enqueue(waits, {}));
      db.signals.send("waypost_jobs", "default");
      await until(() => runs.worker.health().running === 1);
      db.signals.send("waypost_jobs", `cancel ${id}`);
      await until(async () => (await asks.row(id)).state === "cancelled");
    });
  });
}

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => signal.addEventListener("abort", () => resolve()));

const tick = () => new Promise<void>((resolve) => systemAfter(5, resolve));

const advanceBy = (clock: HandClock, ms: number): false => {
  clock.advance(ms);
  return false;
};

/** As many looks at the others as it takes to see that one is dead. */
async function looks(clock: HandClock): Promise<void> {
  for (let i = 0; i < 5; i++) {
    clock.advance(10_000);
    await Bun.sleep(10);
  }
}

async function stopAll(worlds: readonly JobWorld[], clock: HandClock): Promise<void> {
  for (const { worker } of worlds) {
    let stopped = false;
    void worker.stop().then(() => {
      stopped = true;
    });
    await until(() => stopped || advanceBy(clock, 1000));
  }
}

/** Looks until it is so. */
async function until(so: () => boolean | Promise<boolean>): Promise<void> {
  for (const end = performance.now() + 5000; performance.now() < end; await Bun.sleep(2))
    if (await so()) return;
  throw new Error("it never came to be");
}
