import { afterEach, beforeEach, expect, test } from "bun:test";
import { type TestApp, testApp } from "../../support/app.ts";

const DAY = 86_400_000;
let app: TestApp;
beforeEach(async () => {
  app = await testApp({ env: { WAYPOST_TRASH_KEEP: "10d" } });
  await app.app.worker.idle();
});
afterEach(() => app.close());

const make = async (key?: string): Promise<string> =>
  (
    await app.call("POST", "/links", {
      body: { destinationUrl: "https://example.com/" },
      ...(key && { key }),
    })
  ).body.data.id;

test("the trash is emptied of what has been in it long enough, in every workspace, and of nothing else", async () => {
  const stranger = await app.stranger();
  const [old, restored, fresh, alive, foreign] = [
    await make(),
    await make(),
    await make(),
    await make(),
    await make(stranger),
  ];
  for (const id of [old, restored]) await app.call("DELETE", `/links/${id}`);
  await app.call("DELETE", `/links/${foreign}`, { key: stranger });
  app.clock.set(app.clock.now() + 9 * DAY);
  await app.app.worker.idle();
  await app.call("DELETE", `/links/${fresh}`);
  await app.call("POST", `/links/${restored}/restore`);
  expect((await app.call("GET", `/links/${old}`)).status).toBe(200);
  app.clock.set(app.clock.now() + 2 * DAY);
  await app.app.worker.idle();
  const status = async (id: string, key?: string) =>
    (await app.call("GET", `/links/${id}`, key ? { key } : {})).status;
  expect([await status(old!), await status(foreign!, stranger)]).toEqual([404, 404]);
  expect([await status(restored!), await status(fresh!), await status(alive!)]).toEqual([200, 200, 200]);
  const rows = await app.db.read.select().from(app.db.tables.events);
  const purged = rows.filter(({ type }) => type === "link.purged");
  expect(purged.map(({ subjectId }) => subjectId).sort()).toEqual([old!, foreign!].sort());
  for (const { actorKind, workspaceId } of purged) {
    expect(actorKind).toBe("job");
    expect(workspaceId).not.toBeNull();
  }
});

test("jobs and kept answers that are past their time are taken away, and no others", async () => {
  await app.call("POST", "/links", {
    body: { destinationUrl: "https://example.com/" },
    headers: { "idempotency-key": "one" },
  });
  app.clock.set(app.clock.now() + 3_600_000);
  await app.app.worker.idle();
  const done = async () =>
    (await app.db.read.select().from(app.db.tables.jobs)).filter(({ state }) => state === "done");
  const before = (await done()).map(({ id }) => id);
  expect(before.length).toBeGreaterThan(0);
  app.clock.set(app.clock.now() + 4 * DAY);
  await app.app.worker.idle();
  const after = (await done()).map(({ id }) => id);
  expect(after.filter((id) => before.includes(id))).toEqual([]);
  expect(after.length).toBeGreaterThan(0);
  expect(await app.db.read.select().from(app.db.tables.idempotency)).toEqual([]);
});
