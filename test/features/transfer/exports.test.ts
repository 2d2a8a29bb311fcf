import { afterAll, beforeAll, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { type TestApp, testApp } from "../../support/app.ts";

const DAY_MS = 86_400_000;

let app: TestApp;
beforeAll(async () => {
  app = await testApp();
  const links = Array.from({ length: 250 }, (_, i) => ({
    destinationUrl: `https://example.com/${i}`,
    slug: `export-${i}`,
    title: i === 3 ? '=HYPERLINK("http://evil.example")' : `Title ${i}`,
    tags: i % 2 === 0 ? ["even", "all"] : ["all"],
  }));
  await app.call("POST", "/links/bulk", { body: { links } });
});
afterAll(() => app.close());

const ask = async (body: object) => (await app.call("POST", "/exports", { body })).body.data;
async function done(body: object): Promise<{ id: string; state: string; rows: number; bytes: number }> {
  const { id } = await ask(body);
  await app.app.worker.idle();
  return (await app.call("GET", `/exports/${id}`)).body.data;
}
const download = (id: string, key?: string) =>
  app.call("GET", `/exports/${id}/download`, key === undefined ? {} : { key });

test("an export is asked for with 202, made by a job, and taken away as a file with a line a link", async () => {
  const answer = await app.call("POST", "/exports", { body: { columns: ["slug", "title", "tags"] } });
  expect([answer.status, answer.body.data.state]).toEqual([202, "pending"]);
  await app.app.worker.idle();
  const { body } = await app.call("GET", `/exports/${answer.body.data.id}`);
  expect(body.data).toMatchObject({ state: "completed", rows: 250, progress: null, error: null });
  const file = await download(body.data.id);
  expect(file.headers.get("content-type")).toStartWith("text/csv");
  expect(file.headers.get("content-disposition")).toContain("attachment");
  expect(Buffer.byteLength(file.text)).toBe(body.data.bytes);
  const lines = file.text.split("\r\n");
  expect(lines[0]).toBe("slug,title,tags");
  expect(lines.length).toBe(252);
  expect(lines[1]).toBe('export-0,Title 0,"even,all"');
  expect(lines[4]).toBe(`export-3,"'=HYPERLINK(""http://evil.example"")",all`);
});

test("JSON and NDJSON hold the links that pass the filters, as the API shows them", async () => {
  const json = await done({ format: "json", filters: { tag: "even" } });
  const links = (await download(json.id)).body;
  expect([links.length, json.rows]).toEqual([125, 125]);
  const alone = await app.call("GET", `/links/${links[7].id}`);
  expect(links[7]).toEqual(alone.body.data);
  const lines = await done({ format: "ndjson", filters: { search: "export-24" }, columns: ["slug"] });
  const slugs = (await download(lines.id)).text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line).slug);
  // Words below three letters are looked for whole, and this one is.
  expect(slugs).toEqual(["export-24"]);
  const none = await done({ format: "json", filters: { tag: "nobody" } });
  expect((await download(none.id)).body).toEqual([]);
});

test("what is no filter, column or format is refused by name, before there is an export", async () => {
  const refusal = async (body: object) => {
    const { status, body: answer } = await app.call("POST", "/exports", { body });
    return [status, answer.error.details[0]?.path];
  };
  expect(await refusal({ format: "xls" })).toEqual([400, "/format"]);
  expect(await refusal({ filters: { color: "red" } })).toEqual([400, "/filters/color"]);
  expect(await refusal({ columns: ["slug", "searchText"] })).toEqual([400, "/columns/1"]);
});

test("a file that is not there yet is 400, one whose time is over 410 and destroyed, another's 404", async () => {
  const { id } = await ask({});
  const { exports } = app.db.tables;
  const early = await app.db.read.select().from(exports);
  expect(early.some((row) => row.id === id)).toBe(true);
  if ((await app.call("GET", `/exports/${id}`)).body.data.state !== "completed")
    expect((await download(id)).status).toBe(400);
  await app.app.worker.idle();
  expect((await download(id)).status).toBe(200);
  expect((await download(id, await app.stranger())).status).toBe(404);
  expect(existsSync(join(app.dataDir, "transfer", id))).toBe(true);
  app.clock.advance(2 * DAY_MS);
  await app.app.worker.idle();
  expect((await download(id)).status).toBe(410);
  expect(existsSync(join(app.dataDir, "transfer", id))).toBe(false);
  expect((await app.call("GET", `/exports/${id}`)).body.data.state).toBe("expired");
});

test("a deleted export takes its file with it, and each step is on record", async () => {
  const { id } = await done({});
  expect((await app.call("DELETE", `/exports/${id}`)).status).toBe(200);
  expect((await app.call("GET", `/exports/${id}`)).status).toBe(404);
  expect(existsSync(join(app.dataDir, "transfer", id))).toBe(false);
  expect((await app.events()).slice(-3)).toEqual(["export.created", "export.completed", "export.deleted"]);
});
