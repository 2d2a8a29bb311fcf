import { afterEach, beforeEach, expect, test } from "bun:test";
import { type TestApp, testApp } from "../../support/app.ts";
import { enrol, makePerson, type TestPerson, teamPeople } from "../../support/team.ts";

let app: TestApp;
/** Owns everything; may look at the folder; does not know of it. */
let ada: TestPerson;
let eve: TestPerson;
let bob: TestPerson;
let ws: string;
let room: string;
let secret: string;
beforeEach(async () => {
  app = await testApp({ people: teamPeople });
  ada = await makePerson(app, "ada@example.org");
  bob = await makePerson(app, "bob@example.org");
  eve = await makePerson(app, "eve@example.org");
  ws = (await ada.call("POST", "/workspaces", { name: "Acme" })).body.data.id;
  for (const { id } of [bob, eve]) await enrol(app, ws, id, "editor");
  room = (
    await ask(ada, "POST", "/folders", {
      name: "room",
      access: "none",
      members: [{ userId: eve.id, access: "read" }],
    })
  ).id;
  const hidden = {
    slug: "secret",
    destinationUrl: "https://example.com/secret",
    externalId: "x1",
    tags: ["t"],
    folderId: room,
  };
  secret = (await ask(ada, "POST", "/links", hidden)).id;
});
afterEach(() => app.close());

const ask = async (who: TestPerson, method: string, path: string, body?: object) =>
  (await who.call(method, path, body, ws)).body.data;

test("no lookup tells of a link in a closed folder", async () => {
  const urls = encodeURIComponent("https://links.test/secret");
  const info = await ask(bob, "GET", `/links/info?ids=${secret},ext_x1&urls=${urls}`);
  expect([info.links, info.missing.length]).toEqual([[], 3]);
  expect((await ask(eve, "GET", `/links/info?ids=${secret},ext_x1&urls=${urls}`)).links.length).toBe(3);
  expect((await bob.call("GET", "/links/random", undefined, ws)).status).toBe(404);
  expect(await ask(bob, "GET", "/links/count?groupBy=tag")).toEqual({ count: 0, groups: [] });
  expect(await ask(eve, "GET", "/links/count?groupBy=tag")).toEqual({
    count: 1,
    groups: [{ value: "t", count: 1 }],
  });
});

test("no bulk call and no upsert finds a link in a closed folder, or changes one that may only be looked at", async () => {
  const codeOf = async (who: TestPerson, method: string, path: string, more = {}) =>
    (await ask(who, method, path, { links: [secret], ...more })).results[0].error.code;
  const tries: [TestPerson, string][] = [
    [bob, "NOT_FOUND"],
    [eve, "FORBIDDEN"],
  ];
  for (const [who, code] of tries) {
    expect(await codeOf(who, "PATCH", "/links/bulk", { data: { addTags: ["x"] } })).toBe(code);
    for (const move of ["archive", "unarchive", "delete", "restore"])
      expect([move, await codeOf(who, "POST", `/links/bulk/${move}`)]).toEqual([move, code]);
  }
  const input = { destinationUrl: "https://example.com/secret" };
  expect((await bob.call("PUT", "/links/upsert", { ...input, externalId: "x1" }, ws)).status).toBe(409);
  expect((await eve.call("PUT", "/links/upsert", { ...input, externalId: "x1" }, ws)).status).toBe(403);
  expect((await eve.call("PUT", "/links/upsert", input, ws)).status).toBe(403);
  expect((await bob.call("PUT", "/links/upsert", input, ws)).status).toBe(201);
  const into = await ask(eve, "POST", "/links/bulk", { links: [{ ...input, folderId: room }] });
  expect(into.results[0].error.code).toBe("FORBIDDEN");
  const found = await ask(bob, "POST", "/links/bulk", { links: [{ ...input, findExisting: true }] });
  expect(found.results[0].link.id).not.toBe(secret);
});

test("an export holds what its asker may see, and is for nobody who may see less", async () => {
  const made = async (who: TestPerson) => {
    const { id } = await ask(who, "POST", "/exports", { format: "ndjson" });
    await app.app.worker.idle();
    return id as string;
  };
  const read = (who: TestPerson, id: string) => who.call("GET", `/exports/${id}/download`, undefined, ws);
  expect((await read(bob, await made(bob))).text).toBe("");
  const whole = await made(ada);
  expect((await read(eve, whole)).text).toContain(secret);
  expect((await read(bob, whole)).status).toBe(403);
});

test("no link is made on an archived domain by many, and tags of refused rows are not made", async () => {
  // The first domain of a workspace is its default, and that is not archived.
  await ask(ada, "POST", "/domains", { host: "first.example" });
  const old = await ask(ada, "POST", "/domains", { host: "old.example" });
  await ask(ada, "POST", `/domains/${old.id}/archive`);
  const links = [
    { destinationUrl: "https://example.com/", domain: "old.example", tags: ["never"] },
    { destinationUrl: "https://example.com/", slug: "secret", domain: "links.test", tags: ["never"] },
    { destinationUrl: "https://example.com/", tags: ["T", "new"] },
  ];
  const { results } = await ask(ada, "POST", "/links/bulk", { links });
  expect(results.map(({ status }: { status: number }) => status >= 400)).toEqual([true, true, false]);
  expect(results[2].link.tags).toEqual(["t", "new"]);
  const tags = await ask(ada, "GET", "/tags");
  expect(tags.map(({ name }: { name: string }) => name).sort()).toEqual(["new", "t"]);
});
