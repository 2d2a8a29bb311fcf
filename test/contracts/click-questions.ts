import { expect, test } from "bun:test";
import type { Click } from "../../src/clicks/click.ts";
import type { ClickStore, Question } from "../../src/clicks/store.ts";

export const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;
/** Sunday 29 March 2026, 00:00 UTC: an hour before the clock changes in Berlin. */
export const T = Date.UTC(2026, 2, 29);
let made = 0;

export function click(over: Partial<Click> = {}): Click {
  made++;
  return {
    id: `clk_01k${String(made).padStart(23, "0")}`,
    at: T,
    workspaceId: "ws_1",
    domainId: "dom_1",
    linkId: "link_1",
    linkVersion: 1,
    outcome: "redirected",
    trigger: "link",
    ruleId: "",
    variantId: "",
    verdict: "human",
    reason: "",
    visitor: BigInt(made),
    network: "192.0.2.0/24",
    referrerHost: "",
    referrerUrl: "",
    device: "desktop",
    browser: "Chrome",
    browserVersion: "126",
    os: "Windows",
    osVersion: "10",
    engine: "Blink",
    language: "en",
    utmSource: "",
    utmMedium: "",
    utmCampaign: "",
    utmTerm: "",
    utmContent: "",
    ...over,
  };
}

export const question = (over: Partial<Question> = {}): Question => ({
  workspaceId: "ws_1",
  from: T - DAY_MS,
  to: T + 2 * DAY_MS,
  timezone: "UTC",
  where: {},
  limit: 100,
  ...over,
});

/** An empty store, and how to fill and question it. */
export interface Bench {
  readonly store: ClickStore;
  append(...clicks: Click[]): Promise<void>;
  /** Rows as `[group, clicks, uniqueClicks, botClicks, all]`. */
  counts(over?: Partial<Question>): Promise<unknown[][]>;
}

/** The part of the click store's contract that is about questions. `bench` gives the store of the test that runs. */
export function questions(bench: () => Bench): void {
  const append = (...clicks: Click[]) => bench().append(...clicks);
  const counts = (over?: Partial<Question>) => bench().counts(over);

  test("answers for one workspace only", async () => {
    await append(click(), click({ workspaceId: "ws_2", linkId: "link_9" }));
    expect(await counts({ groupBy: "link" })).toEqual([["link_1", 1, 1, 0, 1]]);
    expect(await counts({ workspaceId: "ws_2", groupBy: "link" })).toEqual([["link_9", 1, 1, 0, 1]]);
    expect(await counts({ workspaceId: "ws_3" })).toEqual([[null, 0, 0, 0, 0]]);
    expect(await counts({ where: { link: ["link_9"] } })).toEqual([[null, 0, 0, 0, 0]]);
  });

  test("takes `from` in and leaves `to` out", async () => {
    await append(click({ at: T - 1 }), click({ at: T }), click({ at: T + 9 }), click({ at: T + 10 }));
    expect(await counts({ from: T, to: T + 10 })).toEqual([[null, 2, 2, 0, 2]]);
  });

  test("groups and filters by every dimension", async () => {
    const one = click({
      outcome: "tracked",
      trigger: "qr",
      referrerHost: "news.example",
      referrerUrl: "https://news.example/a",
      device: "mobile",
      browser: "Safari",
      browserVersion: "17.4",
      os: "iOS",
      osVersion: "17",
      engine: "WebKit",
      language: "de",
      utmSource: "mail",
      utmMedium: "letter",
      utmCampaign: "spring",
      utmTerm: "shoes",
      utmContent: "top",
      domainId: "dom_2",
      linkId: "link_2",
    });
    const bot = click({ verdict: "bot", reason: "agent:Googlebot" });
    await append(one, bot, click({ linkId: "" }));
    for (const [dimension, value] of [
      ["link", "link_2"],
      ["domain", "dom_2"],
      ["outcome", "tracked"],
      ["trigger", "qr"],
      ["referrer", "news.example"],
      ["referrerUrl", "https://news.example/a"],
      ["device", "mobile"],
      ["browser", "Safari"],
      ["browserVersion", "17.4"],
      ["os", "iOS"],
      ["osVersion", "17"],
      ["engine", "WebKit"],
      ["language", "de"],
      ["utmSource", "mail"],
      ["utmMedium", "letter"],
      ["utmCampaign", "spring"],
      ["utmTerm", "shoes"],
      ["utmContent", "top"],
    ] as const) {
      expect(await counts({ where: { [dimension]: [value] } })).toEqual([[null, 1, 1, 0, 1]]);
      expect(await counts({ groupBy: dimension })).toContainEqual([value, 1, 1, 0, 1]);
      expect(await counts({ where: { [dimension]: ["no such thing"] } })).toEqual([[null, 0, 0, 0, 0]]);
    }
    expect(await counts({ where: { verdict: ["bot"] } })).toEqual([[null, 0, 0, 1, 1]]);
    expect(await counts({ groupBy: "reason" })).toContainEqual(["agent:Googlebot", 0, 0, 1, 1]);
    expect(await counts({ where: { verdict: ["bot", "human"], link: ["", "link_2"] } })).toEqual([
      [null, 2, 2, 0, 2],
    ]);
    expect(await counts({ where: { referrer: [""] } })).toEqual([[null, 1, 1, 1, 2]]);
    expect(await counts({ where: { device: [] } })).toEqual([[null, 0, 0, 0, 0]]);
    expect(await counts({ groupBy: "link" })).toContainEqual(["", 1, 1, 0, 1]);
  });

  test("leaves out the clicks of links that are not to be counted", async () => {
    await append(
      click(),
      click({ linkId: "link_2" }),
      click({ linkId: "link_2", browser: "Safari" }),
      click({ linkId: "link_3" }),
    );
    const withoutLinks = ["link_2", "link_none"];
    expect(await counts({ withoutLinks })).toEqual([[null, 2, 2, 0, 2]]);
    expect(await counts({ withoutLinks, groupBy: "browser" })).toEqual([["Chrome", 2, 2, 0, 2]]);
    expect(await counts({ withoutLinks, where: { link: ["link_2"] } })).toEqual([[null, 0, 0, 0, 0]]);
    expect(await counts({ withoutLinks: ["link_1", "link_2", "link_3"] })).toEqual([[null, 0, 0, 0, 0]]);
  });

  test("orders groups by the measure asked for, ties by name, and cuts at the limit", async () => {
    const many = (browser: string, humans: number, bots: number) => [
      ...Array.from({ length: humans }, () => click({ browser, visitor: 5n })),
      ...Array.from({ length: bots }, () => click({ browser, verdict: "bot" })),
    ];
    await append(...many("c", 3, 0), ...many("b", 3, 4), ...many("a", 1, 9), ...many("d", 5, 1));
    const names = async (over: Partial<Question>) =>
      (await bench().store.query(question({ groupBy: "browser", ...over }))).rows.map((row) => row.group);
    expect(await names({})).toEqual(["d", "b", "c", "a"]);
    expect(await names({ orderBy: "botClicks" })).toEqual(["a", "b", "d", "c"]);
    expect(await names({ orderBy: "uniqueClicks" })).toEqual(["a", "b", "c", "d"]);
    expect(await names({ orderBy: "all", limit: 2 })).toEqual(["a", "b"]);
  });

  test("fills the empty buckets of local time, through a change of the clock", async () => {
    // 00:30, 03:30 and 04:30 in Berlin; the hour from 2 to 3 does not exist on that day.
    await append(
      click({ at: T - HOUR_MS / 2 }),
      click({ at: T + 1.5 * HOUR_MS }),
      click({ at: T + 2.5 * HOUR_MS }),
    );
    const hours = await counts({
      granularity: "hour",
      timezone: "Europe/Berlin",
      from: T - HOUR_MS,
      to: T + 3 * HOUR_MS,
    });
    expect(hours).toEqual([
      [T - HOUR_MS, 1, 1, 0, 1],
      [T, 0, 0, 0, 0],
      [T + HOUR_MS, 1, 1, 0, 1],
      [T + 2 * HOUR_MS, 1, 1, 0, 1],
    ]);
    const days = await counts({
      granularity: "day",
      timezone: "Europe/Berlin",
      from: T,
      to: T + 30 * HOUR_MS,
    });
    expect(days).toEqual([
      [T - HOUR_MS, 2, 2, 0, 2],
      [T + 22 * HOUR_MS, 0, 0, 0, 0],
    ]);
    expect(
      await counts({ granularity: "month", timezone: "Asia/Kathmandu", from: T, to: T + DAY_MS }),
    ).toEqual([[Date.UTC(2026, 1, 28, 18, 15), 2, 2, 0, 2]]);
  });

  test("answers with at most so many buckets, and refuses two groupings at once", async () => {
    await append(click());
    expect(await counts({ granularity: "hour", limit: 3 })).toHaveLength(3);
    await expect(bench().store.query(question({ granularity: "day", groupBy: "os" }))).rejects.toThrow(
      "not by both",
    );
    await expect(
      bench().store.query(question({ granularity: "day", timezone: "Mars/Olympus" })),
    ).rejects.toThrow(RangeError);
  });
}
