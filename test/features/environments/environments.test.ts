import { afterAll, beforeAll, expect, test } from "bun:test";
import { openClicks } from "../../../src/clicks/client.ts";
import type { Id } from "../../../src/lib/ids.ts";
import { silentLog } from "../../../src/lib/log.ts";
import { type TestApp, testApp } from "../../support/app.ts";
import { addPerson, testPeople } from "../../support/test-people.ts";

const people = testPeople();
let app: TestApp;
let liveId: Id<"ws">;
let testId: Id<"ws">;
const keys: Record<"live" | "test", string> = { live: "", test: "" };
beforeAll(async () => {
  app = await testApp({ people });
  keys.live = app.owner;
  keys.test = (await make({ environment: "test", role: "owner" })).body.data.secret;
  liveId = (await app.call("GET", "/workspace")).body.data.id;
  testId = (await app.call("GET", "/workspace", { key: keys.test })).body.data.id;
});
afterAll(() => app.close());

const make = (body: object, key?: string) =>
  app.call("POST", "/keys", { body: { name: "k", ...body }, ...(key ? { key } : {}) });
const link = (key: string, body: object = {}) =>
  app.call("POST", "/links", { key, body: { destinationUrl: "https://example.com/", ...body } });
const ask = (key: string, path: string, method = "GET") => app.call(method, path, { key });

test("a test key is known by its name, and acts in a side with an id of its own", () => {
  expect(keys.test).toStartWith("way_sk_test_");
  expect(testId).not.toBe(liveId);
});

test("each side sees what it made, in lists, counts and by id, and the error says which key it is", async () => {
  const ids = {
    live: (await link(keys.live, { externalId: "live-one" })).body.data.id,
    test: (await link(keys.test, { externalId: "test-one" })).body.data.id,
  };
  for (const [here, there] of [
    ["live", "test"],
    ["test", "live"],
  ] as const) {
    const listed = (await ask(keys[here], "/links?limit=100")).body.data.map((one: { id: string }) => one.id);
    expect(listed).toContain(ids[here]);
    expect(listed).not.toContain(ids[there]);
    expect((await ask(keys[here], "/links/count")).body.data.count).toBe(listed.length);
    const said = `This is a ${here} key, and this link belongs to the ${there} side: use a ${there} key.`;
    for (const [method, path] of [
      ["GET", `/links/${ids[there]}`],
      ["HEAD", `/links/${ids[there]}`],
      ["DELETE", `/links/${ids[there]}`],
      ["POST", `/links/${ids[there]}/archive`],
      ["GET", `/links/ext_${there}-one`],
      ["GET", `/analytics/overview?link=${ids[there]}`],
      ["GET", `/analytics/timeseries?link=${ids[there]}`],
    ] as const) {
      const answer = await ask(keys[here], path, method);
      expect([method, path, answer.status]).toEqual([method, path, 403]);
      if (method !== "HEAD")
        expect([answer.body.error.code, answer.body.message]).toEqual(["FORBIDDEN", said]);
    }
    const patched = await app.call("PATCH", `/links/${ids[there]}`, {
      key: keys[here],
      body: { title: "x" },
    });
    expect(patched.status).toBe(403);
    expect((await ask(keys[there], `/links/${ids[there]}`)).body.data).toMatchObject({
      title: null,
      deletedAt: null,
    });
  }
});

test("by its slug, too, whatever the domain", async () => {
  const made = (await link(keys.live, { slug: "only-live" })).body.data;
  const answer = await ask(keys.test, `/links/only-live?domain=${made.domain}`);
  expect([answer.status, answer.body.message]).toEqual([
    403,
    "This is a test key, and this link belongs to the live side: use a live key.",
  ]);
  expect((await ask(keys.test, `/links/no-such-slug?domain=${made.domain}`)).status).toBe(404);
});

test("whatever a path or a query names is told so, and a filter by it is no empty list", async () => {
  for (const [here, there] of [
    ["live", "test"],
    ["test", "live"],
  ] as const) {
    const made = async (path: string, body: object): Promise<string> =>
      (await app.call("POST", path, { key: keys[there], body })).body.data.id;
    const ids = {
      folder: await made("/folders", { name: "there" }),
      campaign: await made("/campaigns", { name: "there" }),
      template: await made("/qr/templates", { name: "there" }),
      tag: await made("/tags", { name: "there" }),
      utm: await made("/utm-templates", { name: "there", source: "letter" }),
      view: await made("/views", { name: "there" }),
    };
    const far = (await link(keys[there])).body.data.id;
    const near = (await link(keys[here])).body.data.id;
    const rule = await made(`/links/${far}/rules`, { name: "r", destinationUrl: "https://example.com/r" });
    const comment = await made(`/links/${far}/comments`, { text: "c" });
    for (const [path, what] of [
      [`/folders/${ids.folder}`, "folder"],
      [`/campaigns/${ids.campaign}`, "campaign"],
      [`/qr/templates/${ids.template}`, "template"],
      [`/tags/${ids.tag}`, "tag"],
      [`/utm-templates/${ids.utm}`, "UTM template"],
      [`/views/${ids.view}`, "view"],
      [`/rules/${rule}`, "rule"],
      [`/links/${near}/comments/${comment}`, "comment"],
      [`/links?folderId=${ids.folder}`, "folder"],
      [`/links/count?campaignId=${ids.campaign}`, "campaign"],
      [`/links/${near}/qr?format=svg&template=${ids.template}`, "template"],
      [`/rules?linkId=${far}`, "link"],
      [`/qr/sheet?links=${near},${far}`, "link"],
    ] as const) {
      const method = what === "comment" ? "DELETE" : "GET";
      const { status, body } = await ask(keys[here], path, method);
      const said = `This is a ${here} key, and this ${what} belongs to the ${there} side: use a ${there} key.`;
      expect([path, status, body?.message]).toEqual([path, 403, said]);
    }
    const own = (await app.call("POST", "/folders", { key: keys[here], body: { name: "here" } })).body.data
      .id;
    expect((await ask(keys[here], `/links?folderId=${own}`)).status).toBe(200);
    expect((await ask(keys[here], "/links?folderId=fold_nowhere")).status).toBe(200);
  }
});

test("what is another workspace's stays not found, like what is not there at all", async () => {
  const stranger = await app.stranger();
  const other = (await make({ environment: "test", role: "owner" }, stranger)).body.data.secret;
  const mine = [(await link(keys.live)).body.data.id, (await link(keys.test)).body.data.id];
  const missing = await ask(other, `/links/link_${"z".repeat(26)}`);
  expect(missing.status).toBe(404);
  for (const id of mine)
    for (const key of [stranger, other]) {
      const { status, body } = await ask(key, `/links/${id}`);
      expect([status, body.error]).toEqual([404, missing.body.error]);
    }
});

test("a test link lives on the domains of the live side, which the test side leaves as they are", async () => {
  const made = (await app.call("POST", "/domains", { body: { host: "both.example" } })).body.data;
  const plain = await link(keys.test);
  expect(plain.body.data.domain).toBe("both.example");
  const chosen = await link(keys.test, { domain: made.id, slug: "t" });
  expect(chosen.status).toBe(201);
  expect((await link(keys.live, { domain: made.id, slug: "t" })).status).toBe(409);
  expect((await ask(keys.test, `/domains/${made.id}`)).status).toBe(200);
  // It is no domain of the wrong side: what is wrong here is something else.
  expect((await ask(keys.test, "/links/no-such-slug?domain=both.example")).status).toBe(404);
  expect((await ask(keys.test, "/links?domain=both.example&limit=0")).status).toBe(400);
  for (const [method, body] of [
    ["PATCH", { slugLength: 5 }],
    ["PATCH", { isDefault: true }],
    ["DELETE", undefined],
  ] as const) {
    const answer = await app.call(method, `/domains/${made.id}`, { key: keys.test, body });
    expect([method, answer.status]).toEqual([method, 403]);
    expect(answer.body.message).toContain("only the live side changes it");
  }
  expect((await ask(keys.live, `/domains/${made.id}`, "DELETE")).status).toBe(409);
  const own = (await app.call("POST", "/domains", { key: keys.test, body: { host: "test.example" } })).body
    .data;
  expect((await ask(keys.live, `/domains/${own.id}`)).status).toBe(403);
  expect((await link(keys.live, { domain: "test.example" })).status).toBe(400);
});

test("keys of both sides are kept on the live side; the test side makes, sees and ends test keys only", async () => {
  const live = (await make({})).body.data;
  const made = (await make({}, keys.test)).body.data;
  expect(made.secret).toStartWith("way_sk_test_");
  expect((await make({ environment: "live" }, keys.test)).status).toBe(403);
  const listed = async (key: string) =>
    (await ask(key, "/keys?limit=100")).body.data.map((one: { id: string }) => one.id);
  expect(await listed(keys.live)).toEqual(expect.arrayContaining([live.id, made.id]));
  expect(await listed(keys.test)).toContain(made.id);
  expect(await listed(keys.test)).not.toContain(live.id);
  for (const [method, path] of [
    ["GET", `/keys/${live.id}`],
    ["DELETE", `/keys/${live.id}`],
    ["POST", `/keys/${live.id}/rotate`],
  ] as const) {
    const answer = await ask(keys.test, path, method);
    expect([answer.status, answer.body.message]).toEqual([
      403,
      "This is a test key, and this key belongs to the live side: use a live key.",
    ]);
  }
  expect((await ask(keys.live, `/keys/${made.id}`, "DELETE")).status).toBe(200);
  expect((await ask(made.secret, "/links")).status).toBe(401);
});

test("events of a side are recorded under its own id", async () => {
  const { id } = (await link(keys.test)).body.data;
  const { events } = app.db.tables;
  const rows = await app.db.read.select().from(events);
  expect(rows.filter((one) => one.subjectId === id).map((one) => one.workspaceId)).toEqual([testId]);
});

test("members act on either side by its id, and a test key beside a person acts on its own", async () => {
  const who = people.tokenOf(await addPerson(app, { role: "editor", workspaceId: liveId }), app.clock.now());
  const { id } = (await link(keys.test)).body.data;
  const on = (side: string) =>
    app.call("GET", `/links/${id}`, { key: who, headers: { "x-workspace-id": side } });
  expect((await on(testId)).status).toBe(200);
  const answer = await on(liveId);
  expect([answer.status, answer.body.message]).toEqual([
    403,
    `You are on the live side of the workspace, and this link belongs to the test side: send X-Workspace-Id: ${testId}.`,
  ]);
  const both = (key: string) => app.call("GET", `/links/${id}`, { key: who, headers: { "x-api-key": key } });
  expect((await both(keys.test)).status).toBe(200);
  expect((await both(keys.live)).status).toBe(403);
});

test("a workspace has one test side, however many ask for its first test key at once", async () => {
  const fresh = await testApp();
  await Promise.all(
    Array.from({ length: 10 }, () =>
      fresh.call("POST", "/keys", { body: { name: "k", environment: "test" } }),
    ),
  );
  const { workspaces } = fresh.db.tables;
  expect((await fresh.db.read.select().from(workspaces)).length).toBe(2);
  expect((await fresh.operate("GET", "/installation/workspaces")).body.data).toHaveLength(1);
  await fresh.close();
});

test("a click on a test link counts in the test side's numbers and in no live one", async () => {
  const counting = await testApp({
    clicks: async (dataDir, installationId, clock) => {
      const clicks = openClicks({
        dataDir,
        installationId,
        syncEveryMs: 10,
        durability: "window",
        journalMode: "auto",
        honorOptOut: true,
        clock,
        log: silentLog,
      });
      await clicks.start();
      return clicks;
    },
  });
  const test = (
    await counting.call("POST", "/keys", { body: { name: "k", environment: "test", role: "owner" } })
  ).body.data.secret;
  const live = counting.owner;
  const visits = { live: 2, test: 3 };
  for (const [side, key] of [
    ["live", live],
    ["test", test],
  ] as const) {
    const { body } = await counting.call("POST", "/links", {
      key,
      body: { destinationUrl: "https://example.com/" },
    });
    for (let i = 0; i < visits[side]; i++)
      expect((await counting.visit(body.data.shortUrl)).status).toBe(302);
  }
  await counting.app.ports.clicks.settled();
  const clicks = async (key: string) =>
    (await counting.call("GET", "/analytics/overview", { key })).body.data.clicks;
  expect([await clicks(live), await clicks(test)]).toEqual([2, 3]);
  await counting.close();
});
