import { afterEach, beforeEach, expect, test } from "bun:test";
import { Type as t } from "@sinclair/typebox";
import type { Context } from "../../src/platform/context.ts";
import { systemActor } from "../../src/platform/context.ts";
import { change, defineEvent, type Event } from "../../src/platform/events.ts";
import { type TestApp, testApp } from "../support/app.ts";

const happened = defineEvent("test.happened", t.Object({ n: t.Integer() }));
let app: TestApp;
let ctx: Context;
let heard: Event[];

beforeEach(async () => {
  app = await testApp();
  heard = [];
  ctx = {
    ...app.app.ports,
    heard: (event) => heard.push(event),
    actor: systemActor(null, []),
    origin: { requestId: "req_1", network: null, userAgent: null },
    at: app.clock.now(),
    target: "",
    idempotencyKey: null,
  };
});
afterEach(() => app.close());

const workspace = (id: string) => ({
  id: `ws_${id}` as const,
  name: id,
  defaultDomainId: null,
  createdAt: ctx.clock.now(),
  updatedAt: ctx.clock.now(),
});
const names = async () =>
  (await app.db.read.select().from(app.db.tables.workspaces)).map(({ name }) => name).sort();

test("a change that records nothing is a bug: it throws, and nothing of it stays", async () => {
  const before = await names();
  const silent = change(ctx, (tx) => tx.insert(ctx.db.tables.workspaces).values(workspace("silent")));
  expect(silent).rejects.toThrow("must record");
  await silent.catch(() => {});
  expect(await names()).toEqual(before);
  expect(heard).toEqual([]);
});

test("what fails after it recorded is neither stored, nor on record, nor heard of", async () => {
  const before = await app.events();
  const failing = change(ctx, async (tx) => {
    await tx.insert(ctx.db.tables.workspaces).values(workspace("failing"));
    tx.record(happened, "thing", { n: 1 });
    throw new Error("no");
  });
  expect(failing).rejects.toThrow("no");
  await failing.catch(() => {});
  expect(await app.events()).toEqual(before);
  expect(heard).toEqual([]);
});

test("listeners hear of a change once it is stored, in its order, with who did it", async () => {
  await change(ctx, async (tx) => {
    tx.record(happened, "a", { n: 1 });
    tx.record(happened, "b", { n: 2 });
    expect(heard).toEqual([]);
  });
  expect(heard.map(({ subjectId, data }) => [subjectId, data])).toEqual([
    ["a", { n: 1 }],
    ["b", { n: 2 }],
  ]);
  expect(heard[0]).toMatchObject({ workspaceId: null, actorKind: "system", origin: { requestId: "req_1" } });
  const { events } = app.db.tables;
  const rows = await app.db.read.select().from(events).orderBy(events.id);
  expect(rows.filter(({ type }) => type === "test.happened").map(({ id }) => id)).toEqual(
    heard.map(({ id }) => id),
  );
});

test("ten thousand events of one change are stored with it", async () => {
  await change(ctx, async (tx) => {
    for (let n = 0; n < 10_000; n++) tx.record(happened, `s${n}`, { n });
  });
  expect((await app.events()).filter((type) => type === "test.happened")).toHaveLength(10_000);
  expect(heard).toHaveLength(10_000);
}, 120_000);
