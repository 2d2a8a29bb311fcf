import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { silentLog } from "../../src/lib/log.ts";
import { openCounter } from "../../src/platform/limits/counter.ts";
import { openLimitKeeper } from "../../src/platform/limits/keeper.ts";
import { isWithinLimits, type Limits, UNLIMITED } from "../../src/platform/limits/tier.ts";
import { type TestApp, testApp } from "../support/app.ts";
import { type HandClock, handClock } from "../support/clock.ts";
import { openTestDatabase } from "../support/database.ts";

const NOON = Date.parse("2026-03-10T12:00:00Z");
const tier = (minute: number | null, hour: number | null = null, day: number | null = null): Limits => ({
  minute,
  hour,
  day,
});

describe("counting", () => {
  /** Calls until the first refusal, and by which window. */
  function drain(clock: HandClock, limits: Limits) {
    const counter = openCounter(clock);
    return (): [number, string] => {
      for (let passed = 0; ; passed++) {
        const allowance = counter.take("key", limits)!;
        if (allowance.exceeded) return [passed, allowance.window];
      }
    };
  }

  test("all windows are in force together, and each refuses by itself", () => {
    const clock = handClock(NOON);
    const run = drain(clock, tier(60, 100, 150));
    expect(run()).toEqual([60, "minute"]);
    clock.set(NOON + 60_000);
    expect(run()).toEqual([40, "hour"]);
    clock.set(NOON + 120_000);
    expect(run()).toEqual([0, "hour"]);
    clock.set(NOON + 3_600_000);
    expect(run()).toEqual([50, "day"]);
    clock.set(NOON + 12 * 3_600_000);
    expect(run()).toEqual([60, "minute"]);
  });

  test("a refused call is taken off no window: the hour is not used up by knocking", () => {
    const clock = handClock(NOON);
    const counter = openCounter(clock);
    for (let i = 0; i < 1000; i++) counter.take("key", tier(10, 100));
    clock.set(NOON + 60_000);
    expect(counter.take("key", tier(10, 100))).toMatchObject({ window: "minute", remaining: 9 });
    expect(counter.window("hour").used.get("key")).toBe(11);
  });

  test("a window begins anew at its edge, to the millisecond, and not before", () => {
    const clock = handClock(NOON + 59_999);
    const counter = openCounter(clock);
    expect(counter.take("key", tier(1))).toMatchObject({ exceeded: false, remaining: 0, resetSeconds: 1 });
    expect(counter.take("key", tier(1))).toMatchObject({ exceeded: true, remaining: 0, resetSeconds: 1 });
    clock.set(NOON + 60_000);
    expect(counter.take("key", tier(1))).toMatchObject({ exceeded: false, resetSeconds: 60 });
  });

  test("the window that is shown is the tightest, and when several are full the one that ends last", () => {
    const clock = handClock(NOON);
    const counter = openCounter(clock);
    expect(counter.take("a", tier(60, 1000, 20_000))).toMatchObject({ window: "minute", remaining: 59 });
    expect(counter.take("b", tier(60, 5))).toMatchObject({ window: "hour", remaining: 4 });
    for (let i = 0; i < 4; i++) counter.take("c", tier(4, 4));
    expect(counter.take("c", tier(4, 4))).toMatchObject({ window: "hour", resetSeconds: 3600 });
    expect(counter.take("d", UNLIMITED)).toBeNull();
  });

  test("a clock set back begins new windows, and nobody waits for the old ones", () => {
    const clock = handClock(NOON);
    const run = drain(clock, tier(5, 10));
    run();
    clock.set(NOON - 86_400_000);
    expect(run()).toEqual([5, "minute"]);
  });

  test("no more subjects are kept than memory is given for", () => {
    const counter = openCounter(handClock(NOON), false, 1000);
    for (let i = 0; i < 5000; i++) counter.take(`${i}`, tier(1));
    expect(counter.window("minute").used.size).toBe(1000);
    expect(counter.take("4999", tier(1))!.exceeded).toBe(true);
  });

  test("one tier is within another when it can never call more often", () => {
    expect(isWithinLimits(tier(60), tier(60))).toBe(true);
    expect(isWithinLimits(tier(61), tier(60))).toBe(false);
    expect(isWithinLimits(tier(null, 50), tier(60))).toBe(true);
    expect(isWithinLimits(tier(null, 10_000), tier(3000))).toBe(false);
    expect(isWithinLimits(tier(10), tier(null, 600))).toBe(true);
    expect(isWithinLimits(tier(11), tier(null, 600))).toBe(false);
    expect(isWithinLimits(UNLIMITED, tier(60))).toBe(false);
    expect(isWithinLimits(tier(1), UNLIMITED)).toBe(true);
  });
});

describe("over a restart", () => {
  const LIMITS = tier(100, 150, 200);
  async function world() {
    const clock = handClock(NOON);
    const db = await openTestDatabase(clock);
    /** A process with its own memory over the one database. */
    const start = async () => {
      const counter = openCounter(clock, true);
      const keeper = openLimitKeeper({ db, counter, after: clock.after, log: silentLog });
      await keeper.start();
      const pass = (calls: number) => {
        let passed = 0;
        for (let i = 0; i < calls; i++) if (!counter.take("ws:key", LIMITS)!.exceeded) passed++;
        return passed;
      };
      return { counter, keeper, pass };
    };
    return { clock, db, start };
  }

  test("a stop in the middle forgives no call, of the minute neither", async () => {
    const { db, start } = await world();
    const first = await start();
    expect(first.pass(70)).toBe(70);
    await first.keeper.stop();
    const second = await start();
    expect(second.pass(70)).toBe(30);
    await second.keeper.stop();
    // The control: without what was kept, the same calls pass again.
    await db.transaction((tx) => tx.delete(db.tables.rateWindows));
    const third = await start();
    expect(third.pass(70)).toBe(70);
    await third.keeper.stop();
    await db.close();
  });

  test("a process that is killed loses the minute and at most the last two seconds of hours and days", async () => {
    const { clock, db, start } = await world();
    const first = await start();
    expect(first.pass(100)).toBe(100);
    clock.advance(2000);
    await first.keeper.save([]);
    // What comes now is lost with the process.
    clock.advance(1000);
    expect(first.pass(10)).toBe(0);
    clock.set(NOON + 60_000);
    expect(first.pass(20)).toBe(20);
    const second = await start();
    expect(second.pass(1000)).toBe(50);
    await db.close();
  });

  test("processes on one database learn what the others have counted", async () => {
    const { clock, db, start } = await world();
    const [one, other] = [await start(), await start()];
    one.pass(90);
    clock.set(NOON + 60_000);
    other.pass(40);
    await one.keeper.save();
    await other.keeper.save();
    await one.keeper.save();
    expect(other.counter.window("hour").used.get("ws:key")).toBe(130);
    one.pass(5);
    await one.keeper.save();
    expect(one.counter.window("hour").used.get("ws:key")).toBe(135);
    await db.close();
  });

  test("windows that are past are taken away, and count for nobody", async () => {
    const { clock, db, start } = await world();
    const first = await start();
    first.pass(100);
    await first.keeper.stop();
    clock.set(NOON + 86_400_000);
    const second = await start();
    expect(second.pass(1000)).toBe(100);
    await second.keeper.stop();
    const rows = await db.read.select().from(db.tables.rateWindows);
    expect(rows.map(({ used }) => used)).toEqual([100, 100, 100]);
    await db.close();
  });

  test("what could not be written is written the next time, once", async () => {
    const { db, start } = await world();
    const broken = { ...db, each: () => Promise.reject(new Error("no disk")) };
    const clock = handClock(NOON);
    const counter = openCounter(clock, true);
    const failing = openLimitKeeper({ db: broken, counter, after: clock.after, log: silentLog });
    for (let i = 0; i < 7; i++) counter.take("ws:key", LIMITS);
    await expect(failing.save()).rejects.toThrow("no disk");
    counter.take("ws:key", LIMITS);
    const working = openLimitKeeper({ db, counter, after: clock.after, log: silentLog });
    await working.save();
    await working.save();
    const next = await start();
    expect(next.counter.window("hour").used.get("ws:key")).toBe(8);
    await next.keeper.stop();
    await db.close();
  });
});

describe("the API", () => {
  let app: TestApp;
  beforeAll(async () => {
    app = await testApp({ env: { WAYPOST_RATE_LIMIT: "40", WAYPOST_RATE_LIMIT_ANONYMOUS: "5" } });
  });
  afterAll(() => app.close());

  test("exactly the limit passes, from fifty callers at once, and the rest is told when to come back", async () => {
    const key = await app.keyOf("viewer");
    const answers = await Promise.all(
      Array.from({ length: 90 }, () => app.call("GET", "/links/count", { key })),
    );
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(40);
    const refused = answers.filter(({ status }) => status === 429);
    expect(refused).toHaveLength(50);
    for (const { headers, body } of refused) {
      expect(body.error.code).toBe("RATE_LIMITED");
      expect(body.message).toBe("More than 40 calls in a minute. Try again in 60 s.");
      expect(Number(headers.get("retry-after"))).toBeGreaterThanOrEqual(1);
      expect(headers.get("x-ratelimit-remaining")).toBe("0");
    }
  });

  test("ten thousand answers around the limit carry both families of headers, which agree and are never negative", async () => {
    const limited = await testApp({
      env: { WAYPOST_RATE_LIMIT: "5000", WAYPOST_RATE_LIMIT_ANONYMOUS: "100" },
    });
    let refused = 0;
    for (let round = 0; round < 50; round++) {
      const answers = await Promise.all(
        Array.from({ length: 200 }, (_, i) =>
          limited.call("GET", i % 2 ? "/tiers/mobile" : "/nothing", i % 20 ? {} : { key: null }),
        ),
      );
      for (const answer of answers) {
        checkHeaders(answer.headers, limited.clock.now());
        if (answer.status !== 429) continue;
        refused++;
        expect(answer.headers.get("retry-after")).toMatch(/^[1-9]\d*$/);
      }
    }
    expect(refused).toBe(10_000 - 5000 - 100);
    await limited.close();
  }, 60_000);

  test("one key's limit is not another's, and strangers are counted by address", async () => {
    const busy = await app.keyOf("viewer");
    await Promise.all(Array.from({ length: 41 }, () => app.call("GET", "/links/count", { key: busy })));
    expect((await app.call("GET", "/links/count", { key: busy })).status).toBe(429);
    expect((await app.call("GET", "/links/count")).status).toBe(200);
    for (let i = 0; i < 5; i++)
      await app.call("GET", "/links", { key: "way_sk_live_wrong", address: "198.51.100.7" });
    expect((await app.call("GET", "/setup", { key: null, address: "198.51.100.7" })).status).toBe(429);
    expect((await app.call("GET", "/setup", { key: null, address: "198.51.100.8" })).status).toBe(200);
  });

  test("a forged X-Forwarded-For changes no limit", async () => {
    const ask = (i: number) =>
      app.visit("http://links.test/api/v1/setup", { headers: { "x-forwarded-for": `203.0.113.${i}` } });
    const statuses: number[] = [];
    for (let i = 0; i < 8; i++) statuses.push((await ask(i)).status);
    expect(statuses.filter((status) => status === 200)).toHaveLength(5);
  });
});

/** An item of RFC 9651: a string and its integer parameters. Anything else throws. */
function strictItem(text: string): { name: string; parameters: Record<string, number> } {
  const match = /^"([\x20-\x21\x23-\x5b\x5d-\x7e]*)"((?:;[a-z*][a-z0-9_.*-]*=(?:0|-?[1-9]\d{0,14}))*)$/.exec(
    text,
  );
  if (!match) throw new Error(`no structured item: ${text}`);
  const pairs = match[2]!.split(";").slice(1);
  return {
    name: match[1]!,
    parameters: Object.fromEntries(pairs.map((pair) => [pair.split("=")[0]!, Number(pair.split("=")[1])])),
  };
}

function checkHeaders(headers: Headers, now: number): void {
  const shown = strictItem(headers.get("ratelimit")!);
  const policies = headers.get("ratelimit-policy")!.split(", ").map(strictItem);
  const policy = policies.find(({ name }) => name === shown.name)!;
  const [limit, remaining, reset] = ["limit", "remaining", "reset"].map((name) =>
    Number(headers.get(`x-ratelimit-${name}`)),
  );
  expect(policy.parameters).toEqual({ q: limit!, w: 60 });
  expect(shown.parameters["r"]!).toBe(remaining!);
  expect(remaining!).toBeGreaterThanOrEqual(0);
  expect(remaining!).toBeLessThan(limit!);
  expect(Math.abs(reset! - Math.floor(now / 1000) - shown.parameters["t"]!)).toBeLessThanOrEqual(1);
  expect(shown.parameters["t"]!).toBeGreaterThanOrEqual(1);
}

test("the strict reader refuses what is no structured field", () => {
  for (const wrong of ["minute;r=1", '"a";r=-0', '"a";r=01', '"a"; r=1', '"a";R=1', '"a";r=1.5', '"a";r='])
    expect(() => strictItem(wrong)).toThrow();
});

test("keys are not tried out at /metrics and /readyz either", async () => {
  const guarded = await testApp({ env: { WAYPOST_RATE_LIMIT: "40", WAYPOST_RATE_LIMIT_ANONYMOUS: "5" } });
  const ask = (path: string, key: string | null) =>
    fetch(`http://127.0.0.1:${guarded.app.server.port}${path}`, {
      headers: { host: "links.test", ...(key === null ? {} : { authorization: `Bearer ${key}` }) },
    });
  const statuses: number[] = [];
  for (const path of ["/metrics", "/readyz", "/metrics", "/readyz", "/metrics"])
    statuses.push((await ask(path, `way_sk_live_${"x".repeat(40)}`)).status);
  expect(statuses).toEqual([401, 200, 401, 200, 401]);
  for (const path of ["/metrics", "/readyz"]) {
    const refused = await ask(path, `way_sk_live_${"x".repeat(40)}`);
    expect([refused.status, refused.headers.has("retry-after")]).toEqual([429, true]);
  }
  // Load balancers bring no key and are not counted, and whoever has a right one is counted apart.
  for (let i = 0; i < 10; i++) expect((await ask("/readyz", null)).status).toBe(200);
  expect((await ask("/readyz", guarded.owner)).status).toBe(200);
  await guarded.close();
});
