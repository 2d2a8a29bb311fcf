import { afterAll, beforeAll, expect, test } from "bun:test";
import { millionthsOf, moneyOf } from "../../../src/features/campaigns/money.ts";
import { type TestApp, testApp } from "../../support/app.ts";

let app: TestApp;
beforeAll(async () => {
  app = await testApp();
});
afterAll(() => app.close());

const create = (body: object) => app.call("POST", "/campaigns", { body });
const link = (body: object) =>
  app.call("POST", "/links", { body: { destinationUrl: "https://example.com/", ...body } });

test("a campaign keeps its cost, budgets and goals, to the sixth digit", async () => {
  const body = {
    name: "Spring sale",
    costModel: "cpc",
    costAmount: "0.003501",
    currency: "EUR",
    dailyBudget: "12.5",
    totalBudget: "999999999.999999",
    thresholds: [100, 50, 80],
    goals: [{ name: "Readers", metric: "clicks", target: 1000 }],
  };
  const { status, body: answer } = await create(body);
  expect([status, answer.data]).toEqual([
    201,
    expect.objectContaining({
      ...body,
      dailyBudget: "12.50",
      thresholds: [50, 80, 100],
      status: "active",
      links: 0,
    }),
  ]);
  const cleared = await app.call("PATCH", `/campaigns/${answer.data.id}`, { body: { dailyBudget: null } });
  expect([cleared.body.data.dailyBudget, cleared.body.data.totalBudget]).toEqual([null, "999999999.999999"]);
  for (const text of ["0.00", "1.50", "0.000001", "123.456789"])
    expect(moneyOf(millionthsOf(text))).toBe(text);
});

const wrong: [string, object, string][] = [
  ["a budget without a currency", { dailyBudget: "5" }, "/currency"],
  ["a currency that is none", { currency: "ZZZ" }, "/currency"],
  ["a price without what it is for", { costAmount: "1", currency: "EUR" }, "/costModel"],
  ["more than all of the revenue", { costModel: "revshare", costAmount: "101" }, "/costAmount"],
  ["a day above the whole", { dailyBudget: "6", totalBudget: "5", currency: "EUR" }, "/dailyBudget"],
  ["an amount of seven digits", { dailyBudget: "1.0000001", currency: "EUR" }, "/dailyBudget"],
  ["a threshold of nothing", { thresholds: [0] }, "/thresholds/0"],
  ["a goal without an end", { goals: [{ name: "g", metric: "clicks", target: 0 }] }, "/goals/0/target"],
];
for (const [what, body, path] of wrong)
  test(`${what} is refused by name`, async () => {
    const answer = await create({ name: what, ...body });
    expect([answer.status, answer.body.error.details[0].path]).toEqual([400, path]);
  });

test("links of a paused campaign lead on; an archived one takes no more, and leaves the list", async () => {
  const { id } = (await create({ name: "Held" })).body.data;
  await link({ slug: "held", campaignId: id });
  const leads = async () => (await app.visit("http://links.test/held")).status;
  const set = (status: string) => app.call("PATCH", `/campaigns/${id}`, { body: { status } });
  await set("paused");
  expect([await leads(), (await link({ campaignId: id })).status]).toEqual([302, 201]);
  await set("archived");
  const refused = await link({ campaignId: id });
  expect([await leads(), refused.status, refused.body.error.details[0].path]).toEqual([
    302,
    400,
    "/campaignId",
  ]);
  const names = async (query: string) =>
    (await app.call("GET", `/campaigns?${query}`)).body.data.map(({ name }: { name: string }) => name);
  expect((await names("")).includes("Held")).toBe(false);
  expect(await names("status=archived")).toEqual(["Held"]);
  const kept = await app.call("DELETE", `/campaigns/${id}`);
  expect(kept.status).toBe(409);
});

test("a campaign lists and counts its links, in any order, and another workspace's is not found", async () => {
  const { id } = (await create({ name: "Counted" })).body.data;
  const ids = [];
  for (let i = 0; i < 3; i++) ids.push((await link({ campaignId: id })).body.data.id);
  await app.call("DELETE", `/links/${ids[2]}`);
  expect((await app.call("GET", `/campaigns/${id}`)).body.data.links).toBe(2);
  for (const sortBy of ["createdAt", "clicks", "title"]) {
    const { body } = await app.call("GET", `/links?campaignId=${id}&sortBy=${sortBy}&sortOrder=asc`);
    expect(body.data.map((one: { id: string }) => one.id)).toEqual(ids.slice(0, 2));
  }
  const key = await app.stranger();
  const theirs = (await app.call("POST", "/campaigns", { key, body: { name: "Theirs" } })).body.data.id;
  expect((await link({ campaignId: theirs })).body.error.details[0].path).toBe("/campaignId");
  expect((await create({ name: "cOUNTED" })).status).toBe(409);
});
