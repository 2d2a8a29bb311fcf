import { afterAll, beforeEach, describe, expect, test } from "bun:test";
import type { Click } from "../../src/clicks/click.ts";
import type { ClickStore, Question } from "../../src/clicks/store.ts";
import { click, DAY_MS, HOUR_MS, question, questions, T } from "./click-questions.ts";

/**
 * What every click store promises. `open` opens the store in `folder`, which is empty the first time and holds
 * what was appended afterwards.
 */
export function clickStoreContract(
  name: string,
  {
    open,
    newFolder,
    drop,
  }: {
    open(folder: string): Promise<ClickStore>;
    newFolder(): string;
    drop?(): void;
  },
): void {
  describe(`${name}: a click store`, () => {
    let store: ClickStore;
    let folder: string;
    let offset = 0;
    beforeEach(async () => {
      await store?.close();
      folder = newFolder();
      store = await open(folder);
      offset = 0;
    });
    afterAll(async () => {
      await store?.close();
      drop?.();
    });
    const append = async (...clicks: Click[]) => {
      offset += 8;
      await store.append(clicks, { segment: 1, offset });
      await store.settled();
    };
    const counts = async (over: Partial<Question> = {}) => {
      const { rows } = await store.query(question(over));
      return rows.map(({ group, clicks, uniqueClicks, botClicks, all }) => [
        group,
        clicks,
        uniqueClicks,
        botClicks,
        all,
      ]);
    };

    test("is empty at first, and has seen no journal", async () => {
      expect(await store.position()).toEqual({ segment: 0, offset: 0 });
      expect(await counts()).toEqual([[null, 0, 0, 0, 0]]);
      expect(await store.totals(["link_1"])).toEqual([]);
      expect(await store.totalsSince(0, 10)).toEqual([]);
      expect(await store.sequence()).toBe(0);
    });

    test("counts verdicts and outcomes as they are defined, alike in answers and totals", async () => {
      await append(
        click(),
        click({ outcome: "interstitial" }),
        click({ outcome: "deep_link" }),
        click({ outcome: "tracked" }),
        click({ outcome: "expired" }),
        click({ outcome: "limit_reached" }),
        click({ outcome: "password_asked" }),
        click({ verdict: "repeat" }),
        click({ verdict: "own" }),
        click({ verdict: "bot" }),
        click({ verdict: "preview" }),
        click({ verdict: "prefetch" }),
        click({ verdict: "monitor" }),
        click({ verdict: "scanner" }),
        click({ verdict: "datacenter" }),
        click({ verdict: "bot", outcome: "expired" }),
      );
      expect(await counts()).toEqual([[null, 4, 4, 6, 16]]);
      expect(await store.totals(["link_1"])).toMatchObject([{ clicks: 4, uniqueClicks: 4, botClicks: 6 }]);
    });

    test("takes a batch handed over again for done", async () => {
      const batch = [click(), click()];
      for (let round = 0; round < 3; round++) await store.append(batch, { segment: 1, offset: 500 });
      await store.append([click()], { segment: 1, offset: 400 });
      await store.append([click()], { segment: 0, offset: 9000 });
      expect(await counts()).toEqual([[null, 2, 2, 0, 2]]);
      await store.append([click()], { segment: 2, offset: 0 });
      expect(await counts()).toEqual([[null, 3, 3, 0, 3]]);
      expect(await store.position()).toEqual({ segment: 2, offset: 0 });
    });

    test("moves its position without clicks", async () => {
      await store.append([], { segment: 3, offset: 0 });
      expect(await store.position()).toEqual({ segment: 3, offset: 0 });
    });

    test("knows everything again after it was closed and opened", async () => {
      await append(click({ visitor: 7n }), click({ visitor: 8n }));
      await store.durable();
      await store.close();
      store = await open(folder);
      expect(await store.position()).toEqual({ segment: 1, offset: 8 });
      await append(click({ visitor: 7n }), click({ visitor: 9n }));
      expect(await counts()).toEqual([[null, 4, 3, 0, 4]]);
      expect(await store.totals(["link_1"])).toMatchObject([{ clicks: 4, uniqueClicks: 3 }]);
    });

    test("counts a visitor once a day and link, and nobody never", async () => {
      await append(
        click({ visitor: 1n }),
        click({ visitor: 1n, at: T + HOUR_MS }),
        click({ visitor: 1n, at: T + DAY_MS }),
        click({ visitor: 1n, linkId: "link_2" }),
        click({ visitor: 0n }),
        click({ visitor: 0n }),
        click({ visitor: 2n, verdict: "bot" }),
        click({ visitor: 2n ** 64n - 1n }),
      );
      await append(click({ visitor: 1n, at: T + 2 * HOUR_MS }), click({ visitor: 2n ** 64n - 1n }));
      expect(await store.totals(["link_1", "link_2"])).toMatchObject([
        { linkId: "link_1", clicks: 8, uniqueClicks: 3 },
        { linkId: "link_2", clicks: 1, uniqueClicks: 1 },
      ]);
      expect(await counts({ groupBy: "link" })).toEqual([
        ["link_1", 8, 3, 1, 9],
        ["link_2", 1, 1, 0, 1],
      ]);
      // The same person on two links of a workspace is one visitor of the workspace.
      expect(await counts()).toEqual([[null, 9, 3, 1, 10]]);
    });

    test("counts visitors that come late for the day before", async () => {
      await append(click({ visitor: 1n }), click({ visitor: 2n, at: T + DAY_MS }));
      await append(click({ visitor: 1n, at: T + HOUR_MS }), click({ visitor: 3n, at: T + HOUR_MS }));
      expect(await store.totals(["link_1"])).toMatchObject([{ clicks: 4, uniqueClicks: 3 }]);
    });

    questions(() => ({ store, append, counts }));

    test("tells totals that changed since a sequence, in order, none left out", async () => {
      await append(
        click({ linkId: "link_a", at: T + 5 }),
        click({ linkId: "link_b" }),
        click({ linkId: "link_c" }),
      );
      const first = await store.totalsSince(0, 2);
      expect(first).toHaveLength(2);
      const rest = await store.totalsSince(first[1]!.sequence, 10);
      expect([...first, ...rest].map((one) => one.linkId).sort()).toEqual(["link_a", "link_b", "link_c"]);
      const seen = rest.at(-1)!.sequence;
      expect(await store.totalsSince(seen, 10)).toEqual([]);
      await append(click({ linkId: "link_b", verdict: "bot" }));
      const next = await store.totalsSince(seen, 10);
      expect(next).toMatchObject([{ linkId: "link_b", clicks: 1, botClicks: 1, lastClickedAt: T }]);
      expect(next[0]!.sequence).toBeGreaterThan(seen);
      expect(await store.sequence()).toBe(next[0]!.sequence);
      // A mirror that begins anew gets all of them.
      expect((await store.totalsSince(0, 10)).map((one) => one.linkId).at(-1)).toBe("link_b");
      expect(await store.totalsSince(0, 10)).toHaveLength(3);
    });

    test("tells of changes from before it was opened", async () => {
      await append(click({ linkId: "link_a" }));
      const { sequence } = (await store.totalsSince(0, 10))[0]!;
      await append(click({ linkId: "link_b" }));
      await store.close();
      store = await open(folder);
      expect((await store.totalsSince(sequence, 10)).map((one) => one.linkId)).toEqual(["link_b"]);
    });

    test("remembers the last human click, and none for a link only bots have seen", async () => {
      await append(click({ at: T + 9 }), click({ at: T + 3 }), click({ at: T + 99, verdict: "bot" }));
      await append(click({ at: T + 4 }), click({ linkId: "link_2", verdict: "bot" }));
      expect(await store.totals(["link_1", "link_2", "link_3"])).toMatchObject([
        { linkId: "link_1", lastClickedAt: T + 9 },
        { linkId: "link_2", lastClickedAt: null },
      ]);
    });

    test("forgets a link, totals included, and counts it anew", async () => {
      await append(click({ visitor: 1n }), click({ visitor: 1n, linkId: "link_2" }));
      const before = (await store.totalsSince(0, 10)).at(-1)!.sequence;
      await store.forget({ workspaceId: "ws_1", linkId: "link_1" });
      expect(await counts({ groupBy: "link" })).toEqual([["link_2", 1, 1, 0, 1]]);
      expect(await store.totals(["link_1"])).toEqual([]);
      expect(await store.totalsSince(before, 10)).toMatchObject([
        { linkId: "link_1", clicks: 0, uniqueClicks: 0 },
      ]);
      await append(click({ visitor: 1n }));
      expect(await store.totals(["link_1"])).toMatchObject([{ clicks: 1, uniqueClicks: 1 }]);
    });

    test("forgets what lies before a time, of one workspace only", async () => {
      await append(
        click({ at: T - 1, visitor: 1n }),
        click({ at: T, visitor: 2n }),
        click({ at: T - 1, verdict: "bot" }),
        click({ at: T - 1, workspaceId: "ws_2", linkId: "link_9" }),
      );
      await store.forget({ workspaceId: "ws_1", before: T });
      expect(await counts()).toEqual([[null, 1, 1, 0, 1]]);
      expect(await store.totals(["link_1", "link_9"])).toMatchObject([
        { linkId: "link_1", clicks: 1, uniqueClicks: 1, botClicks: 0, lastClickedAt: T },
        { linkId: "link_9", clicks: 1 },
      ]);
      await append(click({ visitor: 2n }));
      expect(await store.totals(["link_1"])).toMatchObject([{ clicks: 2, uniqueClicks: 1 }]);
    });

    test("forgets nothing of a link that another workspace names", async () => {
      await append(click());
      await store.forget({ workspaceId: "ws_2", linkId: "link_1" });
      expect(await store.totals(["link_1"])).toMatchObject([{ clicks: 1 }]);
    });

    describe("its ledger", () => {
      const DAY = Math.floor(T / DAY_MS);
      const ledger = () => store.ledger("ws_1", T - 9 * DAY_MS, T + 9 * DAY_MS);
      const dropped = (over = {}) => ({
        workspaceId: "ws_1",
        day: DAY,
        reason: "disk_full",
        count: 3,
        ...over,
      });

      test("counts every click of a workspace and day once, whatever its outcome, and none a batch brings again", async () => {
        const batch = [
          click(),
          click({ verdict: "bot" }),
          click({ outcome: "not_found", linkId: "" }),
          click({ at: T + DAY_MS }),
          click({ workspaceId: "ws_2", linkId: "link_9" }),
        ];
        for (let round = 0; round < 3; round++) await store.append(batch, { segment: 1, offset: 500 });
        expect(await ledger()).toEqual([
          { day: DAY, recorded: 3, unrecorded: {} },
          { day: DAY + 1, recorded: 1, unrecorded: {} },
        ]);
        expect(await store.ledger("ws_1", T + DAY_MS, T + 2 * DAY_MS)).toMatchObject([{ day: DAY + 1 }]);
      });

      test("adds what several runs could not record, and counts nothing twice that is told twice", async () => {
        await append(click());
        for (let round = 0; round < 2; round++)
          await store.note("run_1", [dropped(), dropped({ reason: "too_large" })]);
        await store.note("run_1", [dropped({ count: 5 }), dropped({ workspaceId: "ws_2" })]);
        await store.note("run_2", [dropped({ count: 10 })]);
        expect(await ledger()).toEqual([
          { day: DAY, recorded: 1, unrecorded: { disk_full: 15, too_large: 3 } },
        ]);
        await store.close();
        store = await open(folder);
        expect(await ledger()).toEqual([
          { day: DAY, recorded: 1, unrecorded: { disk_full: 15, too_large: 3 } },
        ]);
      });

      test("outlives a link, and not its workspace", async () => {
        await append(click(), click({ at: T - DAY_MS }));
        await store.forget({ workspaceId: "ws_1", linkId: "link_1" });
        expect(await ledger()).toHaveLength(2);
        await store.forget({ workspaceId: "ws_1", before: T });
        expect(await ledger()).toEqual([{ day: DAY, recorded: 1, unrecorded: {} }]);
        await store.forget({ workspaceId: "ws_1" });
        expect(await ledger()).toEqual([]);
      });
    });

    test("keeps its answers and its totals in agreement over many batches", async () => {
      let state = 1;
      const die = (n: number) => {
        state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
        return (state >>> 8) % n;
      };
      for (let batch = 0; batch < 20; batch++)
        await append(
          ...Array.from({ length: 40 }, () =>
            click({
              linkId: `link_${die(7)}`,
              at: T + die(40) * HOUR_MS,
              visitor: BigInt(die(15)),
              verdict: die(4) === 0 ? "bot" : "human",
              outcome: die(6) === 0 ? "expired" : "redirected",
            }),
          ),
        );
      const answered = (await store.query(question({ groupBy: "link" }))).rows;
      const totals = await store.totals(answered.map((row) => String(row.group)));
      expect(totals.length).toBe(7);
      for (const { linkId, clicks, uniqueClicks, botClicks } of totals)
        expect(answered.find((row) => row.group === linkId)).toMatchObject({
          clicks,
          uniqueClicks,
          botClicks,
        });
    });
  });
}
