import { expect, test } from "bun:test";
import { bucketStarts } from "../../src/clicks/buckets.ts";
import { botVerdicts, type Click, verdicts } from "../../src/clicks/click.ts";
import { openColumns } from "../../src/clicks/columns/store.ts";
import type { Counts, Dimension, Question } from "../../src/clicks/store.ts";
import { countedOutcomes, outcomes, triggers } from "../../src/redirect/visit.ts";
import { click, DAY_MS, HOUR_MS, T } from "../contracts/click-questions.ts";
import { temporaryFolder } from "./support/journal.ts";
import { dice } from "./support/visits.ts";

const CLICKS = Number(process.env["TEST_CLICKS"] ?? 20_000);
const QUESTIONS = Number(process.env["TEST_QUESTIONS"] ?? 150);
const random = dice(7);
const among = <One>(all: readonly One[]): One => all[Math.floor(random() * all.length)]!;
/** Small numbers more often than large ones. */
const few = (n: number): number => Math.floor(random() ** 3 * n);

const fields: Readonly<Partial<Record<Dimension, keyof Click>>> = {
  link: "linkId",
  domain: "domainId",
  outcome: "outcome",
  verdict: "verdict",
  trigger: "trigger",
  referrer: "referrerHost",
  referrerUrl: "referrerUrl",
  browser: "browser",
  language: "language",
  utmCampaign: "utmCampaign",
  rule: "ruleId",
  variant: "variantId",
};
const asked = Object.keys(fields) as Dimension[];

function anyClick(): Click {
  const site = few(40);
  return click({
    workspaceId: random() < 0.8 ? "ws_1" : "ws_2",
    // Mostly in order, some a day late, and some by a clock that was wrong.
    at: T + Math.floor(random() * 6 * DAY_MS) - (random() < 0.01 ? 40 * DAY_MS : 0),
    linkId: random() < 0.05 ? "" : `link_${few(300)}`,
    domainId: `dom_${few(3)}`,
    visitor: random() < 0.05 ? 0n : BigInt(1 + Math.floor(random() * 900)),
    outcome: random() < 0.8 ? "redirected" : among(outcomes),
    verdict: random() < 0.7 ? "human" : among(verdicts),
    trigger: among(triggers),
    referrerHost: site === 0 ? "" : `site${site % 7}.example`,
    referrerUrl: site === 0 ? "" : `https://site${site % 7}.example/${site}`,
    browser: `browser ${few(9)}`,
    language: among(["de", "en", ""]),
    utmCampaign: random() < 0.7 ? "" : `campaign ${few(30)}`,
    ruleId: random() < 0.8 ? "" : `rule_${few(9)}`,
    variantId: random() < 0.9 ? "" : `var_${few(4)}`,
  });
}

function anyQuestion(): Question {
  const from = T - DAY_MS + Math.floor(random() * 4 * DAY_MS);
  const where = Object.fromEntries(
    asked
      .filter(() => random() < 0.15)
      .map((dimension) => [
        dimension,
        Array.from({ length: 1 + few(4) }, () => String(among(clicks)[fields[dimension]!])),
      ]),
  );
  const form = random();
  return {
    workspaceId: among(["ws_1", "ws_1", "ws_2", "ws_3"]),
    from,
    to: from + Math.floor(random() * (random() < 0.1 ? 0.2 : 5) * DAY_MS),
    timezone: among(["UTC", "Europe/Berlin", "Asia/Kathmandu"]),
    where,
    limit: 5 + few(400),
    ...(form < 0.4
      ? { groupBy: among(asked), orderBy: among(["clicks", "uniqueClicks", "all"] as const) }
      : {}),
    ...(form > 0.7 ? { granularity: among(["hour", "day", "month"] as const) } : {}),
  };
}

/** The same answer, by looking at every click as it was appended. */
function plainAnswer(question: Question): unknown[] {
  const { granularity, groupBy, timezone, from, to, limit, orderBy = "clicks" } = question;
  const found = clicks.filter(
    (one) =>
      one.workspaceId === question.workspaceId &&
      one.at >= from &&
      one.at < to &&
      Object.entries(question.where).every(([dimension, values]) =>
        values.includes(String(one[fields[dimension as Dimension]!])),
      ),
  );
  if (granularity !== undefined) {
    const starts = bucketStarts(granularity, timezone, from, to, limit + 1);
    return starts.slice(0, limit).map((start, i) => {
      const end = starts[i + 1] ?? Number.POSITIVE_INFINITY;
      return { group: start, ...countsOf(found.filter(({ at }) => at >= start && at < end)) };
    });
  }
  if (groupBy === undefined) return [{ group: null, ...countsOf(found) }];
  const groups = Map.groupBy(found, (one) => String(one[fields[groupBy]!]));
  return [...groups]
    .map(([group, some]) => ({ group, ...countsOf(some) }))
    .sort((one, other) => other[orderBy] - one[orderBy] || (one.group < other.group ? -1 : 1))
    .slice(0, limit);
}

function countsOf(some: readonly Click[]): Counts {
  const counted = some.filter(({ outcome }) => countedOutcomes.has(outcome));
  const human = counted.filter(({ verdict }) => verdict === "human");
  const visitors = human.filter(({ visitor }) => visitor !== 0n);
  return {
    clicks: human.length,
    uniqueClicks: new Set(visitors.map(({ visitor, at }) => `${visitor} ${Math.floor(at / DAY_MS)}`)).size,
    botClicks: counted.filter(({ verdict }) => botVerdicts.has(verdict)).length,
    all: some.length,
  };
}

const clicks = Array.from({ length: CLICKS }, anyClick);

test.each([
  ["all in the tail", CLICKS + 1],
  ["in blocks of every size", 700],
])(
  "any question has the answer that looking at every click has: %s",
  async (_, tailMax) => {
    const store = openColumns(temporaryFolder(), { tailMax });
    for (let from = 0, offset = 8; from < CLICKS; offset += 8) {
      const batch = clicks.slice(from, from + 1 + few(900));
      await store.append(batch, { segment: 1, offset });
      from += batch.length;
    }
    for (let i = 0; i < QUESTIONS; i++) {
      const question = anyQuestion();
      const { rows, exact, partial } = await store.query(question);
      expect({ question, rows: [...rows] as unknown[] }).toEqual({ question, rows: plainAnswer(question) });
      expect([exact, partial]).toEqual([true, undefined]);
    }
    const links = await store.totalsSince(0, CLICKS);
    const byLink = Map.groupBy(clicks, ({ linkId }) => linkId);
    byLink.delete("");
    for (const [linkId, some] of byLink) {
      const { clicks: human, uniqueClicks, botClicks } = countsOf(some);
      const told = links.find((one) => one.linkId === linkId);
      expect({
        linkId,
        human: told?.clicks ?? 0,
        unique: told?.uniqueClicks ?? 0,
        bots: told?.botClicks ?? 0,
      }).toEqual({
        linkId,
        human,
        unique: uniqueClicks,
        bots: botClicks,
      });
    }
    await store.close();
  },
  60_000,
);

test("what is not asked to be counted is left out, and the rest stays", async () => {
  const store = openColumns(temporaryFolder());
  await store.append([click(), click({ at: T + HOUR_MS })], { segment: 1, offset: 8 });
  const question = { workspaceId: "ws_1", from: T, to: T + DAY_MS, timezone: "UTC", where: {}, limit: 1 };
  const { rows } = await store.query({ ...question, measures: ["clicks"] });
  expect(rows).toMatchObject([{ clicks: 2, uniqueClicks: 0 }]);
  await store.close();
});
