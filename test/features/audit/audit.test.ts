import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import type { Application } from "../../../src/platform/context.ts";
import { roles } from "../../../src/platform/permissions.ts";
import { type TestApp, testApp } from "../../support/app.ts";

let app: TestApp;
beforeEach(async () => {
  app = await testApp();
});
afterEach(() => app.close());

const audit = async (query = "", key?: string) => {
  const answer = await app.call("GET", `/audit${query}`, key === undefined ? {} : { key });
  expect(answer.status).toBe(200);
  return answer.body.data;
};
const makeLink = async (body: object = {}, headers: Record<string, string> = {}) => {
  const made = await app.call("POST", "/links", {
    body: { destinationUrl: "https://example.com/", ...body },
    headers,
  });
  return made.body.data.id as string;
};

test("an entry tells who, what, when, where from, with which key and in which call", async () => {
  const link = await makeLink({}, { "x-request-id": "call-1", "user-agent": "curl/8" });
  const [entry] = await audit();
  const [owner] = (await app.call("GET", "/keys")).body.data;
  expect(entry).toMatchObject({
    type: "link.created",
    actor: { kind: "key", id: owner.id },
    keyId: owner.id,
    subjectId: link,
    requestId: "call-1",
    network: "192.0.2.0/24",
    userAgent: "curl/8",
    previous: null,
    erased: false,
    createdAt: "2026-03-10T12:00:00.000Z",
  });
  expect(entry.data).toMatchObject({ id: link, destinationUrl: "https://example.com/" });
  expect(JSON.stringify(entry)).not.toContain("192.0.2.1");
});

test("a change tells what was there before and what is there now", async () => {
  const link = await makeLink({ title: "old" });
  await app.call("PATCH", `/links/${link}`, { body: { title: "new" } });
  const [entry] = await audit();
  expect(entry).toMatchObject({ type: "link.updated", previous: { title: "old" }, data: { title: "new" } });
  expect(entry.previous.destinationUrl).toBeUndefined();
  expect(entry.data.previous).toBeUndefined();
});

test("a person with a key beside them is named, and so is the key; a program is its key", async () => {
  const workspaceId = (await app.call("GET", "/workspace")).body.data.id;
  const [owner] = (await app.call("GET", "/keys")).body.data;
  const granted = new Set(roles.owner);
  const request = new Request("http://links.test/api/v1/links", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ destinationUrl: "https://example.com/" }),
  });
  const person = { userId: "usr_ada", sessionId: null, provedAt: 0, operator: false, scopes: null } as const;
  const application = {
    ...{
      keyId: owner.id,
      kind: "secret",
      workspaceId,
      environment: "live",
      permissions: granted,
      tier: null,
    },
  } as Application;
  const actor = {
    kind: "user",
    id: "usr_ada",
    workspaceId,
    permissions: granted,
    person,
    application,
  } as const;
  expect((await app.app.api.fetchAs(request, actor)).status).toBe(201);
  const [entry] = await audit("?actor=usr_ada");
  expect(entry).toMatchObject({ actor: { kind: "user", id: "usr_ada" }, keyId: owner.id });
  expect(await audit(`?key=${owner.id}&actor=usr_ada`)).toHaveLength(1);
});

test("nothing in the API changes or removes an entry", () => {
  const changing = app.app.api.routes.filter(
    ({ path, method }) => path.includes("/audit") && method !== "GET",
  );
  // Erasing takes out a person's data, on record, and leaves the entry.
  expect(changing.map(({ method, path }) => `${method} ${path}`)).toEqual([
    "POST /api/v1/installation/audit/erase",
  ]);
});

describe("the list", () => {
  test("is filtered by type, group of types, subject, actor, key, call and time", async () => {
    const first = await makeLink({}, { "x-request-id": "call-1" });
    app.clock.advance(60_000);
    const second = await makeLink({}, { "x-request-id": "call-2" });
    await app.call("PATCH", `/links/${first}`, { body: { title: "x" } });
    const editor = await app.keyOf("editor");
    app.clock.advance(60_000);
    await app.call("PATCH", `/links/${second}`, { key: editor, body: { title: "y" } });
    const keys = (await app.call("GET", "/keys")).body.data;
    const subjects = async (query: string) =>
      (await audit(query)).map((one: { type: string; subjectId: string }) => [one.type, one.subjectId]);
    expect(await subjects("?type=link.created")).toEqual([
      ["link.created", second],
      ["link.created", first],
    ]);
    expect(await subjects(`?subject=${first}`)).toEqual([
      ["link.updated", first],
      ["link.created", first],
    ]);
    expect(await subjects("?requestId=call-2")).toEqual([["link.created", second]]);
    const editorId = keys.find(({ name }: { name: string }) => name === "editor").id;
    for (const name of ["actor", "key"])
      expect(await subjects(`?${name}=${editorId}`)).toEqual([["link.updated", second]]);
    expect((await subjects("?type=link.*")).length).toBe(4);
    expect((await subjects("?type=lin.*")).length).toBe(0);
    expect(await subjects("?type=link.*&from=2026-03-10T12:02:00Z")).toEqual([["link.updated", second]]);
    expect(await subjects("?type=link.*&to=2026-03-10T12:01:00Z")).toEqual([["link.created", first]]);
    expect(await subjects(`?type=link.updated&subject=${second}&actor=${editorId}`)).toHaveLength(1);
    expect(await subjects(`?type=link.created&subject=${second}&actor=${editorId}`)).toEqual([]);
  });

  test("is walked without skips or repeats while more happens", async () => {
    for (let i = 0; i < 5; i++) await makeLink();
    const seen: string[] = [];
    let cursor: string | null = "";
    while (cursor !== null) {
      const { body } = await app.call("GET", `/audit?type=link.*&limit=2${cursor && `&cursor=${cursor}`}`);
      seen.push(...body.data.map(({ id }: { id: string }) => id));
      cursor = body.pagination.nextCursor;
      await makeLink();
    }
    expect(seen).toHaveLength(5);
    expect(new Set(seen).size).toBe(5);
    expect(seen.toSorted().toReversed()).toEqual(seen);
  });

  test("holds nothing of another workspace, however it is asked for; the operator sees all", async () => {
    const link = await makeLink();
    const stranger = await app.stranger();
    for (const query of ["", `?subject=${link}`, "?type=link.created"])
      expect(JSON.stringify(await audit(query, stranger))).not.toContain(link);
    expect((await app.operate("GET", `/audit?subject=${link}`)).body.data).toHaveLength(1);
    const everywhere = (await app.operate("GET", "/audit?limit=100")).body.data;
    expect(new Set(everywhere.map((one: { workspaceId: string }) => one.workspaceId)).size).toBe(3);
  });

  test("is for admins and owners alone", async () => {
    for (const [role, status] of [
      ["viewer", 403],
      ["editor", 403],
      ["admin", 200],
      ["owner", 200],
    ] as const)
      for (const path of ["/audit", "/audit/export"])
        expect([role, (await app.call("GET", path, { key: await app.keyOf(role) })).status]).toEqual([
          role,
          status,
        ]);
  });

  for (const query of ["?type=Link", "?type=*", "?from=yesterday", "?to=2026-02-31T00:00:00Z", "?color=red"])
    test(`${query} is refused by name`, async () => {
      const { status, body } = await app.call("GET", `/audit${query}`);
      expect(status).toBe(400);
      expect(body.error.details[0].path).toBe(`/${/\w+/.exec(query)![0]}`);
    });
});

describe("the export", () => {
  test("holds every event that passes the filter, oldest first, an event a line", async () => {
    const count = 560;
    for (let i = 0; i < count; i++) await makeLink({ title: `t${i}` });
    const answer = await app.call("GET", "/audit/export?type=link.created");
    expect(answer.headers.get("content-type")).toBe("application/x-ndjson");
    expect(answer.headers.get("content-disposition")).toBe('attachment; filename="audit-2026-03-10.jsonl"');
    const lines = answer.text.trimEnd().split("\n");
    expect(lines.map((line) => JSON.parse(line).data.title)).toEqual(
      Array.from({ length: count }, (_, i) => `t${i}`),
    );
    const [listed] = await audit("?type=link.created&limit=1");
    expect(JSON.parse(lines.at(-1)!)).toEqual(listed);
  }, 30_000);

  test("as CSV is a table that a spreadsheet reads and does not run", async () => {
    await makeLink(
      { title: 'a "quoted", word' },
      { "user-agent": "=cmd|' /C calc'!A0", "x-request-id": "-1" },
    );
    const { text, headers } = await app.call("GET", "/audit/export?type=link.created&format=csv");
    expect(headers.get("content-type")).toStartWith("text/csv");
    const [head, row, end] = text.split("\r\n");
    expect(head).toStartWith("id,createdAt,type,");
    expect(end).toBe("");
    expect(row).toContain(`"'=cmd|' /C calc'!A0"`);
    expect(row).toContain(`"'-1"`);
    expect(row).toContain('""title"":""a \\""quoted\\"", word""');
  });

  test("is read as it is taken: whoever leaves ends it", async () => {
    for (let i = 0; i < 600; i++) await makeLink();
    const { read } = app.db;
    let reads = 0;
    const counting = new Proxy(read, {
      get(target, name) {
        if (name === "select") reads++;
        return Reflect.get(target, name) as unknown;
      },
    });
    const { exportAudit } = await import("../../../src/features/audit/export.ts");
    const { contextOf } = await import("../../support/app.ts");
    const { body } = exportAudit({ ...contextOf(app, null), db: { ...app.db, read: counting } }, {}, "jsonl");
    const reader = body!.getReader();
    await reader.read();
    await reader.cancel();
    expect(reads).toBeLessThan(4);
  }, 30_000);
});

describe("a refusal", () => {
  const denials = (rows: { type: string }[]) => rows.filter(({ type }) => type === "access.denied");

  test("of somebody known stands in the log, with what was lacking", async () => {
    const viewer = await app.keyOf("viewer");
    const body = { destinationUrl: "https://example.com/" };
    const refused = await app.call("POST", "/links", {
      key: viewer,
      body,
      headers: { "x-request-id": "no" },
    });
    expect(refused.status).toBe(403);
    const [entry] = denials(await audit());
    expect(entry).toMatchObject({
      type: "access.denied",
      requestId: "no",
      network: "192.0.2.0/24",
      data: { method: "POST", route: "/api/v1/links", permission: "links:create", times: 1 },
    });
    expect((await audit("?type=access.denied&requestId=no"))[0].actor.kind).toBe("key");
  });

  test("by a rule of the thing itself stands there too", async () => {
    const narrow = await app.call("POST", "/keys", { body: { name: "n", permissions: ["keys:create"] } });
    const wide = { name: "w", permissions: ["links:read"] };
    const refused = await app.call("POST", "/keys", { key: narrow.body.data.secret, body: wide });
    expect(refused.status).toBe(403);
    expect(denials(await audit())[0]).toMatchObject({ data: { route: "/api/v1/keys", permission: null } });
  });

  test("that is repeated is counted, and cannot fill the log", async () => {
    const viewer = await app.keyOf("viewer");
    for (let i = 0; i < 500; i++) await app.call("DELETE", `/links/link_${i}`, { key: viewer });
    expect(denials(await audit("?limit=100"))).toMatchObject([{ data: { times: 1 } }]);
    app.clock.advance(10 * 60_000);
    await app.app.denials.settled();
    expect(denials(await audit("?limit=100"))).toMatchObject([
      { data: { times: 499, route: "/api/v1/links/:link", permission: "links:delete" } },
      { data: { times: 1 } },
    ]);
  });

  test("by many callers at many routes is bounded by the minute, and none is lost", async () => {
    const routes = ["/keys", "/installation/keys", "/installation/keyring", "/workspaces"];
    const viewers = await Promise.all(Array.from({ length: 20 }, () => app.keyOf("viewer")));
    for (const key of viewers)
      for (const path of routes) expect((await app.call("GET", path, { key })).status).toBe(403);
    const written = async () => denials(await audit("?type=access.denied&limit=100"));
    expect(await written()).toHaveLength(60);
    app.clock.advance(11 * 60_000);
    await app.app.denials.settled();
    expect(await written()).toHaveLength(80);
  });

  test("of nobody, and of a wrong key, is none: there is nobody to name", async () => {
    await app.call("GET", "/links", { key: null });
    await app.call("GET", "/links", { key: "way_sk_live_x" });
    expect(denials(await audit("?limit=100"))).toEqual([]);
  });

  test("is answered when it cannot be put on record", async () => {
    const viewer = await app.keyOf("viewer");
    const { transaction } = app.db;
    (app.db as { transaction: unknown }).transaction = () => Promise.reject(new Error("disk"));
    expect((await app.call("GET", "/keys", { key: viewer })).status).toBe(403);
    (app.db as { transaction: unknown }).transaction = transaction;
  });
});
