import { describe, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { openClicks } from "../../src/clicks/client.ts";
import { silentLog } from "../../src/lib/log.ts";
import { countAll, startClicks } from "./support/clicks.ts";
import { allBytes, temporaryFolder } from "./support/journal.ts";
import { domain, link, manyVisits, NOON, visit } from "./support/visits.ts";

const DAY_MS = 86_400_000;
const NOON_DAY = Math.floor(NOON / DAY_MS);
const accounted = (clicks: Awaited<ReturnType<typeof startClicks>>) => {
  const { recorded, unrecorded } = clicks.health();
  return recorded + Object.values(unrecorded).reduce((sum, count) => sum + count, 0);
};

describe.each(["map", "write"] as const)("clicks with a journal in %s mode", (journalMode) => {
  test("show in answers and totals as soon as they have settled", async () => {
    const clicks = await startClicks({ journalMode });
    for (const one of manyVisits(3000, { links: 20 })) void clicks.record(one);
    await clicks.settled();
    expect(await countAll(clicks)).toMatchObject({ all: 3000 });
    const totals = await clicks.totalsSince(0, 100);
    expect(totals.reduce((sum, one) => sum + one.clicks + one.botClicks, 0)).toBe(3000);
    expect(await clicks.totals([totals[0]!.linkId])).toEqual([totals[0]!]);
    expect(clicks.health()).toMatchObject({
      recorded: 3000,
      folded: 3000,
      lagBytes: 0,
      quarantined: 0,
      problem: null,
    });
  });

  test("leave an empty journal when they stop, and are all there when they start again", async () => {
    const dataDir = temporaryFolder();
    for (let round = 1; round <= 3; round++) {
      const clicks = await startClicks({ dataDir, journalMode });
      for (let i = 0; i < 100; i++) void clicks.record(visit());
      await clicks.stop();
      expect(readdirSync(join(dataDir, "journal"))).toEqual(["visitor-salt"]);
      void clicks.record(visit());
      expect(clicks.health().unrecorded["no_segment"]).toBe(1);
    }
    const clicks = await startClicks({ dataDir, journalMode });
    expect(await countAll(clicks)).toMatchObject({ clicks: 300, uniqueClicks: 1, all: 300 });
  });

  test("are on disk before they are acknowledged, under strict durability", async () => {
    const clicks = await startClicks({ journalMode, durability: "strict" });
    await Promise.all(Array.from({ length: 500 }, async () => clicks.record(visit())));
    await clicks.record(visit());
    await clicks.settled();
    expect(await countAll(clicks)).toMatchObject({ clicks: 501 });
  });
});

describe("visits", () => {
  test("are recorded or counted with a reason, every one", async () => {
    const dataDir = temporaryFolder();
    const clicks = openClicks({
      dataDir,
      installationId: "inst_test",
      durability: "window",
      syncEveryMs: 2,
      journalMode: "auto",
      honorOptOut: true,
      clock: { now: () => NOON },
      log: silentLog,
    });
    for (let i = 0; i < 7; i++) void clicks.record(visit());
    expect(clicks.health().unrecorded).toMatchObject({ no_segment: 7 });
    await clicks.start();
    for (let i = 0; i < 5; i++) void clicks.record(visit());
    for (let i = 0; i < 3; i++) void clicks.record(visit({ link: link({ id: "x".repeat(99) }) }));
    void clicks.record({ ...visit(), userAgent: undefined as unknown as string });
    await clicks.stop();
    for (let i = 0; i < 2; i++) void clicks.record(visit());
    expect(clicks.health()).toMatchObject({
      recorded: 5,
      unrecorded: { no_segment: 9, too_large: 3, write_failed: 1 },
    });
  });

  test("that come faster than segments can be made are counted, not lost in silence", async () => {
    const clicks = await startClicks();
    // Without a turn of the event loop no further segment arrives.
    for (let i = 0; i < 150_000; i++) void clicks.record(visit());
    expect(accounted(clicks)).toBe(150_000);
    expect(clicks.health().unrecorded["no_segment"]).toBeGreaterThan(0);
    await clicks.settled();
    expect((await countAll(clicks)).all).toBe(clicks.health().recorded);
    void clicks.record(visit());
    expect(accounted(clicks)).toBe(150_001);
  });

  test("leave no whole address in the data folder", async () => {
    const clicks = await startClicks();
    const canaries = ["203.0.113.77", "2001:db8:cafe:1234:5678:9abc:def0:4242"];
    for (let i = 0; i < 2000; i++) void clicks.record(visit({ address: canaries[i % 2]! }));
    const look = () => {
      const needles = [
        ...canaries.map((text) => Buffer.from(text)),
        Buffer.from([203, 0, 113, 77]),
        Buffer.from([77, 113, 0, 203]),
        Buffer.from("20010db8cafe123456789abcdef04242", "hex"),
        Buffer.from("cafe12345678", "hex"),
      ];
      return allBytes(clicks.dataDir).flatMap(({ path, bytes }) =>
        needles.filter((needle) => bytes.includes(needle)).map((needle) => [path, needle.toString("hex")]),
      );
    };
    expect(look()).toEqual([]);
    await clicks.settled();
    expect(look()).toEqual([]);
    const cut = allBytes(clicks.dataDir).some(({ bytes }) => bytes.includes(Buffer.from("203.0.113.0/24")));
    expect(cut).toBe(true);
    await clicks.stop();
    expect(look()).toEqual([]);
  });

  test("of two days share no salt, and the first one's is gone", async () => {
    const clicks = await startClicks();
    const file = join(clicks.dataDir, "journal", "visitor-salt");
    const first = readFileSync(file).subarray(16, 32);
    void clicks.record(visit());
    void clicks.record(visit({ at: NOON + DAY_MS }));
    await clicks.stop();
    expect(readFileSync(file).subarray(16, 32).equals(first)).toBe(false);
    for (const { bytes } of allBytes(clicks.dataDir)) expect(bytes.includes(first)).toBe(false);
  });

  test("keep their visitor over a restart within the day", async () => {
    const dataDir = temporaryFolder();
    for (let round = 0; round < 2; round++) {
      const clicks = await startClicks({ dataDir });
      void clicks.record(visit());
      await clicks.stop();
    }
    const clicks = await startClicks({ dataDir });
    expect(await countAll(clicks)).toMatchObject({ clicks: 2, uniqueClicks: 1 });
  });
});

test("every visit of a day is in the ledger, recorded or with the reason why not, over restarts", async () => {
  const dataDir = temporaryFolder();
  const workspaceId = domain().workspaceId!;
  for (let round = 0; round < 2; round++) {
    const clicks = await startClicks({ dataDir });
    for (let i = 0; i < 10; i++) void clicks.record(visit());
    for (let i = 0; i < 3; i++) void clicks.record(visit({ link: link({ id: "x".repeat(99) }) }));
    void clicks.record({ ...visit(), userAgent: undefined as unknown as string });
    void clicks.record(visit({ at: NOON + DAY_MS, link: null, outcome: "not_found" }));
    await clicks.stop();
  }
  const clicks = await startClicks({ dataDir });
  void clicks.record(visit({ link: link({ id: "x".repeat(99) }) }));
  expect(await clicks.ledger(workspaceId, NOON, NOON + 2 * DAY_MS)).toEqual([
    { day: NOON_DAY, recorded: 20, unrecorded: { too_large: 7, write_failed: 2 } },
    { day: NOON_DAY + 1, recorded: 2, unrecorded: {} },
  ]);
});

describe("a click limit", () => {
  const limited = link({ clicksLimit: 100 });
  /** Visitors come as the redirect lets them: claimed first, recorded if granted. */
  const come = async (clicks: Awaited<ReturnType<typeof startClicks>>, count: number, limit = 100) => {
    const granted = await Promise.all(
      Array.from({ length: count }, async () => {
        const isGranted = await clicks.claim(limited.id, limit);
        void clicks.record(visit({ link: limited, outcome: isGranted ? "redirected" : "limit_reached" }));
        return isGranted;
      }),
    );
    return granted.filter(Boolean).length;
  };

  test("of 100 lets exactly 100 of 1,000 visitors pass who come at once", async () => {
    const clicks = await startClicks();
    expect(await come(clicks, 1000)).toBe(100);
    await clicks.settled();
    expect(await countAll(clicks)).toMatchObject({ clicks: 100, all: 1000 });
  });

  test("holds over a restart", async () => {
    const dataDir = temporaryFolder();
    let passed = 0;
    for (let round = 0; round < 4; round++) {
      const clicks = await startClicks({ dataDir });
      passed += await come(clicks, 30);
      await clicks.stop();
    }
    expect(passed).toBe(100);
  });

  test("counts what was clicked before there was a limit", async () => {
    const clicks = await startClicks();
    for (let i = 0; i < 95; i++) void clicks.record(visit());
    expect(await clicks.exhausted(limited.id, 100)).toBe(false);
    expect(await come(clicks, 50)).toBe(5);
    expect(await clicks.exhausted(limited.id, 100)).toBe(true);
    // The limit is taken off for a while, and set higher afterwards.
    for (let i = 0; i < 7; i++) void clicks.record(visit());
    expect(await come(clicks, 50, 110)).toBe(3);
  });

  test("is told at once when the link is known", async () => {
    const clicks = await startClicks();
    expect(clicks.claim(limited.id, 2)).toBeInstanceOf(Promise);
    expect(await clicks.claim(limited.id, 2)).toBe(true);
    expect(clicks.claim(limited.id, 2)).toBe(false);
  });
});

test("what is forgotten is gone from answers and totals, and counted anew", async () => {
  const clicks = await startClicks();
  for (let i = 0; i < 10; i++) void clicks.record(visit());
  await clicks.forget({ workspaceId: domain().workspaceId!, linkId: link().id });
  expect(await countAll(clicks)).toMatchObject({ all: 0 });
  expect(await clicks.totals([link().id])).toEqual([]);
  expect(existsSync(join(clicks.dataDir, "clicks.db"))).toBe(true);
});

test("a question that makes no sense is refused, and the next one answered", async () => {
  const clicks = await startClicks();
  const ask = (timezone: string) =>
    clicks.query({
      workspaceId: "ws_1",
      from: 0,
      to: 1,
      timezone,
      where: {},
      granularity: "day",
      limit: 9,
    });
  await expect(ask("Mars/Olympus")).rejects.toMatchObject({ code: "UNAVAILABLE" });
  expect((await ask("UTC")).rows).toHaveLength(1);
});
