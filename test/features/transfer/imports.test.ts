import { afterAll, beforeAll, expect, test } from "bun:test";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { type TestApp, testApp } from "../../support/app.ts";

let app: TestApp;
beforeAll(async () => {
  app = await testApp({ env: { WAYPOST_IMPORT_LIMIT: "2MiB" } });
});
afterAll(() => app.close());

async function send(file: string | Uint8Array, query: Record<string, string> = {}, type = "text/csv") {
  const request = new Request(`http://links.test/api/v1/imports?${new URLSearchParams(query)}`, {
    method: "POST",
    headers: { authorization: `Bearer ${app.owner}`, "content-type": type },
    body: file,
  });
  const response = await app.app.api.fetch(request, "192.0.2.1");
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers as they come
  return { status: response.status, body: (await response.json()) as any };
}
async function take(file: string | Uint8Array, query: Record<string, string> = {}, type = "text/csv") {
  const { body } = await send(file, query, type);
  await app.app.worker.idle();
  return (await app.call("GET", `/imports/${body.data.id}`)).body.data;
}
const problems = async (id: string) => (await app.call("GET", `/imports/${id}/problems`)).body.data;
const count = async (query = "") =>
  (await app.call("GET", `/links/count?${query}`)).body.data.count as number;
const bySlug = async (slug: string) =>
  (await app.call("GET", `/links/${encodeURIComponent(slug)}?domain=links.test`)).body.data;

test("a table is read row by row; broken rows are told, and the rest goes in", async () => {
  const file = [
    "﻿Long URL,Custom Slug,Title,Tags,Comments,Clicks",
    'https://example.com/1,imp-1,"One, and ""more""","a,b",note,17',
    "nonsense,imp-2,,,,",
    '"https://example.com/3",imp-3,"over',
    'two lines",,,',
    "https://example.com/4,imp-4,a,b,c,d,e",
    "https://example.com/5,imp-1,,,,",
    "https://example.com/6,imp-6,'=SUM(A1),,,",
    "",
    'https://example.com/7,imp-7,"never closed,,,',
  ].join("\r\n");
  const done = await take(file, { mapping: JSON.stringify({ Title: "title" }) });
  expect(done).toMatchObject({
    state: "completed",
    rows: { read: 7, made: 3, changed: 0, skipped: 1, refused: 3, undone: 0 },
  });
  expect(await bySlug("imp-1")).toMatchObject({
    destinationUrl: "https://example.com/1",
    title: 'One, and "more"',
    tags: ["a", "b"],
    notes: "note",
    clicks: 0,
  });
  expect((await bySlug("imp-3")).title).toBe("over\ntwo lines");
  expect((await bySlug("imp-6")).title).toBe("=SUM(A1)");
  expect(
    (await problems(done.id)).map(({ row, path }: { row: number; path: string }) => [row, path]),
  ).toEqual([
    [2, "/destinationUrl"],
    [4, "/"],
    [7, "/"],
  ]);
  expect(existsSync(join(app.dataDir, "transfer", done.id))).toBe(false);
});

test("what was exported is taken in again as it was, in each format, packed or not", async () => {
  const links = Array.from({ length: 30 }, (_, i) => ({
    destinationUrl: `https://example.com/round?i=${i}&x=${encodeURIComponent("ü")}`,
    slug: `round-${i}`,
    title: ["=1+1", "'=1", 'say "x";', "plain", "-"][i % 5],
    description: "two\nlines",
    tags: ["round", "trip"],
    utm: { source: "s", medium: null, campaign: null, term: null, content: null },
    customData: { a: 'b,"c' },
    expiresAt: "2027-01-31T00:00:00.000Z",
    enabled: i % 2 === 0,
  }));
  const made = (await app.call("POST", "/links/bulk", { body: { links } })).body.data.results;
  const before = made.map(({ link }: { link: object }) => link);
  for (const [format, type] of [
    ["csv", "text/csv"],
    ["json", "application/json"],
    ["ndjson", "application/x-ndjson"],
  ] as const) {
    const { id } = (await app.call("POST", "/exports", { body: { format, filters: { tag: "round" } } })).body
      .data;
    await app.app.worker.idle();
    const { text } = await app.call("GET", `/exports/${id}/download`);
    for (const one of (await app.call("GET", "/links?tag=round&limit=100")).body.data)
      await app.call("DELETE", `/links/${one.id}?permanent=true`);
    const done = await take(format === "csv" ? gzipSync(text) : text, {}, type);
    expect([format, done.rows]).toMatchObject([format, { read: 30, made: 30 }]);
    const after = await Promise.all(links.map(({ slug }) => bySlug(slug)));
    const stays = ({ id: _, createdAt: __, updatedAt: ___, ...rest }: Record<string, unknown>) => rest;
    expect(after.map(stays)).toEqual(before.map(stays));
  }
});

test("rows in conflict are passed over, change what is there, or get another slug", async () => {
  const file = (title: string) => `url,slug,title\nhttps://example.com/${title},conflict,${title}\n`;
  expect((await take(file("first"))).rows).toMatchObject({ made: 1 });
  expect((await take(file("second"))).rows).toMatchObject({ made: 0, skipped: 1 });
  expect((await bySlug("conflict")).title).toBe("first");
  expect((await take(file("third"), { conflict: "overwrite" })).rows).toMatchObject({ changed: 1 });
  expect(await bySlug("conflict")).toMatchObject({ title: "third", version: 2 });
  expect((await take(file("fourth"), { conflict: "rename" })).rows).toMatchObject({ made: 1 });
  expect((await bySlug("conflict-2")).title).toBe("fourth");
});

test("who may make links and not change them overwrites none by a file", async () => {
  const body = { name: "maker", permissions: ["links:read", "links:create"] };
  const key = (await app.call("POST", "/keys", { body })).body.data.secret;
  const ask = (conflict: string, slug: string) =>
    app.app.api.fetch(
      new Request(`http://localhost/api/v1/imports?conflict=${conflict}`, {
        method: "POST",
        headers: { authorization: `Bearer ${key}`, "content-type": "text/csv" },
        body: `url,slug\nhttps://example.com/,${slug}\n`,
      }),
      "192.0.2.1",
    );
  const refused = await ask("overwrite", "maker-a");
  expect(refused.status).toBe(403);
  expect(await refused.text()).toContain("links:update");
  expect((await ask("skip", "maker-b")).status).toBe(202);
  await app.app.worker.idle();
});

test("a dry run tells what would be and makes nothing", async () => {
  const [before, events] = [
    await count(),
    (await app.events()).filter((type) => type.startsWith("link.")).length,
  ];
  const done = await take("url,slug\nhttps://example.com/,dry\nno,dry2\n", { dryRun: "true" });
  expect(done).toMatchObject({ dryRun: true, rows: { read: 2, made: 1, refused: 1 } });
  expect(await count()).toBe(before);
  expect((await app.events()).filter((type) => type.startsWith("link.")).length).toBe(events);
});

test("an import is undone whole: the counts are as before, what it made rests in the trash, what it changed is back", async () => {
  const { body } = await app.call("POST", "/links", {
    body: { destinationUrl: "https://example.com/kept", slug: "undo-kept", title: "kept", tags: ["old"] },
  });
  const before = await count();
  const rows = Array.from({ length: 450 }, (_, i) => `https://example.com/u${i},undo-${i},t,new`);
  const file = ["url,slug,title,tags", "https://example.com/x,undo-kept,changed,new", ...rows].join("\n");
  const done = await take(file, { conflict: "overwrite" });
  expect(done.rows).toMatchObject({ made: 450, changed: 1 });
  expect(await count()).toBe(before + 450);
  const undo = await app.call("POST", `/imports/${done.id}/undo`);
  expect([undo.status, undo.body.data.state]).toEqual([202, "undoing"]);
  await app.app.worker.idle();
  expect((await app.call("GET", `/imports/${done.id}`)).body.data).toMatchObject({
    state: "undone",
    rows: { undone: 451 },
  });
  expect(await count()).toBe(before);
  expect(await count("tag=new")).toBe(0);
  const { version: _, updatedAt: __, ...kept } = (await app.call("GET", `/links/${body.data.id}`)).body.data;
  expect(body.data).toMatchObject(kept);
  expect((await app.call("POST", `/imports/${done.id}/undo`)).status).toBe(409);
});

test("the same file cannot be imported twice at once; one after the other makes each slug once", async () => {
  const rows = Array.from({ length: 900 }, (_, i) => `https://example.com/t${i},twice-${i}`);
  const file = ["url,slug", ...rows].join("\n");
  const answers = await Promise.all([send(file), send(file)]);
  expect(answers.map(({ status }) => status).sort()).toEqual([202, 409]);
  await app.app.worker.idle();
  expect(await count("search=twice-")).toBe(900);
  expect((await take(file)).rows).toMatchObject({ made: 0, skipped: 900 });
  expect(await count("search=twice-")).toBe(900);
});

test("a bomb, a file that is too large, a ZIP, torn gzip, nothing and what is no table are refused, and leave no file", async () => {
  const big = new Uint8Array(3 * 1024 * 1024);
  const refusal = async (file: string | Uint8Array, query = {}, type = "text/csv") =>
    (await send(file, query, type)).status;
  expect(await refusal(gzipSync(big))).toBe(413);
  expect(await refusal(big)).toBe(413);
  expect(await refusal(gzipSync("url\nhttps://example.com/\n").subarray(0, 30))).toBe(400);
  expect(await refusal(new Uint8Array([0x50, 0x4b, 3, 4, 0, 0]))).toBe(415);
  expect(await refusal("")).toBe(400);
  expect(await refusal("x", {}, "image/png")).toBe(415);
  expect(await refusal("x", { mapping: '{"a":"nonsense"}' })).toBe(400);
  expect(await refusal("x", { domain: "nobody.example" })).toBe(400);
  expect(readdirSync(join(app.dataDir, "transfer")).filter((name) => name.startsWith("imp_"))).toEqual([]);
});

test("rows in a wrong encoding, with NUL, too long, or that are no object are told, and the others go in", async () => {
  const latin = Buffer.from(
    "url,title\nhttps://example.com/l1,Gr\xfc\xdfe\nhttps://example.com/l2,ok\n",
    "latin1",
  );
  expect((await take(latin)).rows).toMatchObject({ made: 1, refused: 1 });
  expect(
    (await take("url,title\nhttps://example.com/n1,a\0b\nhttps://example.com/n2,ok\n")).rows,
  ).toMatchObject({
    made: 1,
    refused: 1,
  });
  const lines = [
    '{"url":"https://example.com/j1"}',
    "[1]",
    "{torn",
    `{"url":"https://x.example/${"a".repeat(70_000)}"}`,
  ];
  expect((await take(lines.join("\n"), {}, "application/x-ndjson")).rows).toMatchObject({
    made: 1,
    refused: 3,
  });
  const list =
    '{"links": [ {"url": "https://example.com/[,]{\\"}", "tags": ["a"]}, 7, {"url": "https://example.com/j3"} ]}';
  expect((await take(list, {}, "application/json")).rows).toMatchObject({ made: 2, refused: 1 });
});

test("a job that ended in the middle goes on where it was, and doubles nothing", async () => {
  const rows = Array.from({ length: 1000 }, (_, i) => `https://example.com/resumed-${i}`);
  const { body } = await send(["url", ...rows].join("\n"));
  const { id, jobId } = body.data;
  const { imports } = app.db.tables;
  const read = async () => (await app.db.read.select().from(imports)).find((row) => row.id === id)!.rowsRead;
  while ((await read()) < 200) await new Promise(setImmediate);
  const cancelled = await app.call("POST", `/imports/${id}/cancel`);
  await app.app.worker.idle();
  const state = (await app.call("GET", `/imports/${id}`)).body.data.state;
  if (cancelled.status === 200) expect(["cancelled", "completed"]).toContain(state);
  if (state === "cancelled") {
    expect(await read()).toBeLessThan(1000);
    await app.call("POST", `/jobs/${jobId}/retry`);
    await app.app.worker.idle();
  }
  const after = (await app.call("GET", `/imports/${id}`)).body.data;
  expect(after).toMatchObject({ state: "completed", rows: { read: 1000, made: 1000 } });
  expect(await count("search=/resumed-")).toBe(1000);
});
