import { afterAll, beforeAll, expect, test } from "bun:test";
import { type TestApp, testApp } from "../../support/app.ts";
import { enrol, makePerson, type TestPerson, teamPeople } from "../../support/team.ts";

let app: TestApp;
let ada: TestPerson;
let bob: TestPerson;
let ws: string;
beforeAll(async () => {
  app = await testApp({ people: teamPeople });
  ada = await makePerson(app, "ada@example.org");
  bob = await makePerson(app, "bob@example.org");
  ws = (await ada.call("POST", "/workspaces", { name: "Acme" })).body.data.id;
  await enrol(app, ws, bob.id, "viewer");
});
afterAll(() => app.close());

const query = {
  tag: "x,y",
  tagMode: "all",
  clicksMin: 5,
  deleted: false,
  sortBy: "clicks",
  sortOrder: "asc",
};

test("a view comes back as it was kept, and the list takes it as it is", async () => {
  const columns = ["slug", "clicks"];
  const { body } = await ada.call("POST", "/views", { name: "Mine", query, columns }, ws);
  expect(body.data).toMatchObject({ name: "Mine", query, columns, shared: false, ownerId: ada.id });
  const asText = new URLSearchParams(
    Object.entries(query).map(([name, value]): [string, string] => [name, String(value)]),
  );
  expect((await ada.call("GET", `/links?${asText}`, undefined, ws)).status).toBe(200);
});

const wrong: [string, object, string][] = [
  ["a filter that the list does not have", { query: { color: "red" } }, "/query/color"],
  ["a value that the list would refuse", { query: { sortBy: "size" } }, "/query/sortBy"],
  ["a number as text", { query: { clicksMin: "5" } }, "/query/clicksMin"],
  ["paging", { query: { page: 2 } }, "/query/page"],
  ["a column that no link has", { columns: ["searchText"] }, "/columns/0"],
  ["no columns", { columns: [] }, "/columns"],
];
for (const [what, body, path] of wrong)
  test(`${what} is refused by name`, async () => {
    const answer = await ada.call("POST", "/views", { name: what, ...body }, ws);
    expect([answer.status, answer.body.error.details[0].path]).toEqual([400, path]);
  });

test("a view is one's own until it is shared; then others see it, and make their own to change it", async () => {
  const { id } = (await ada.call("POST", "/views", { name: "Team" }, ws)).body.data;
  const asBob = async (method: string, body?: object) =>
    (await bob.call(method, `/views/${id}`, body, ws)).status;
  expect([await asBob("GET"), await asBob("PATCH", { name: "x" }), await asBob("DELETE")]).toEqual([
    404, 404, 404,
  ]);
  await ada.call("PATCH", `/views/${id}`, { shared: true }, ws);
  expect([await asBob("GET"), await asBob("PATCH", { name: "x" }), await asBob("DELETE")]).toEqual([
    200, 403, 403,
  ]);
  const names = (await bob.call("GET", "/views", undefined, ws)).body.data.map(
    ({ name }: { name: string }) => name,
  );
  expect(names).toEqual(["Team"]);
  const own = (await bob.call("POST", "/views", { name: "Team" }, ws)).body.data;
  expect((await ada.call("DELETE", `/views/${own.id}`, undefined, ws)).status).toBe(404);
  await bob.call("PATCH", `/views/${own.id}`, { shared: true }, ws);
  expect((await ada.call("DELETE", `/views/${own.id}`, undefined, ws)).status).toBe(200);
});
