import { afterEach, beforeEach, expect, test } from "bun:test";
import { Type as t } from "@sinclair/typebox";
import { streamJob } from "../../../src/features/jobs/stream.ts";
import type { Id } from "../../../src/lib/ids.ts";
import type { Context } from "../../../src/platform/context.ts";
import { systemActor } from "../../../src/platform/context.ts";
import { change, defineEvent } from "../../../src/platform/events.ts";
import { GivenUp } from "../../../src/platform/jobs/failure.ts";
import { defineJob, type Job } from "../../../src/platform/jobs/job.ts";
import { localOperator } from "../../../src/platform/local-door.ts";
import { type TestApp, testApp } from "../../support/app.ts";

let app: TestApp;
let go: PromiseWithResolvers<void>;
let mine: Id<"ws">;
let tell: Job["progress"];
const operator = systemActor(null, ["installation:read", "jobs:read"]);

const fail = defineJob({
  name: "test.fail",
  args: t.Object({ secret: t.String() }),
  run: async (_, { secret }) => {
    throw secret === "" ? new GivenUp("There is nothing to do.") : new Error(`cannot read /home/${secret}`);
  },
  attemptsMax: 1,
});
const wait = defineJob({
  name: "test.wait",
  queue: "webhooks",
  args: t.Object({}),
  async run(_, __, { signal, progress }) {
    tell = progress;
    progress(0.5, "half of it");
    signal.addEventListener("abort", () => go.reject(signal.reason));
    await go.promise;
  },
});

beforeEach(async () => {
  go = Promise.withResolvers();
  go.promise.catch(() => {});
  app = await testApp({ jobs: [fail, wait] });
  mine = (await app.call("GET", "/workspace")).body.data.id;
});
afterEach(async () => {
  go.resolve();
  await app.close();
});

const happened = defineEvent("thing.happened", t.Object({}));

function contextOf(workspaceId: Id<"ws"> | null): Context {
  const origin = { requestId: null, network: null, userAgent: null };
  const rest = { origin, at: app.clock.now(), target: "", idempotencyKey: null };
  return { ...app.app.ports, jobs: app.app.worker, actor: systemActor(workspaceId, []), ...rest };
}
const enqueue = (
  type: typeof fail | typeof wait,
  args: object,
  options: { runAt?: number; workspaceId?: Id<"ws"> | null; uniqueKey?: string } = {},
): Promise<string> =>
  change(contextOf(mine), async (tx) => {
    tx.record(happened, "thing", {});
    return tx.enqueue(type as typeof wait, args, options);
  });

async function asOperator(method: string, path: string) {
  const request = new Request(`http://localhost/api/v1${path}`, { method });
  const response = await app.app.api.fetchAs(request, localOperator(request));
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers as they come
  return { status: response.status, body: (await response.json()) as any };
}

const running = async (): Promise<void> => {
  while (app.app.worker.health().running === 0) await Bun.sleep(1);
};

test("a workspace sees its own jobs, by state, name and queue, and walks them by cursor", async () => {
  const ids: string[] = [];
  for (let i = 0; i < 5; i++) ids.push(await enqueue(fail, { secret: "x" }));
  const later = await enqueue(wait, {}, { runAt: app.clock.now() + 60_000 });
  await enqueue(wait, {}, { runAt: app.clock.now() + 60_000, workspaceId: null });
  await app.app.worker.idle();
  const all = await app.call("GET", "/jobs");
  expect(all.body.data.map(({ id }: { id: string }) => id)).toEqual([later, ...ids.toReversed()]);
  expect(all.body.pagination.total).toBe(6);
  const only = async (query: string) => (await app.call("GET", `/jobs?${query}`)).body.data.length;
  expect(await only("state=dead")).toBe(5);
  expect(await only("state=done")).toBe(0);
  expect(await only("name=test.wait")).toBe(1);
  expect(await only("queue=webhooks")).toBe(1);
  expect(await only("queue=default&state=scheduled")).toBe(0);
  const walked: string[] = [];
  for (let cursor = ""; ; ) {
    const { body } = await app.call(
      "GET",
      `/jobs?limit=2${cursor && `&cursor=${encodeURIComponent(cursor)}`}`,
    );
    walked.push(...body.data.map(({ id }: { id: string }) => id));
    if (!body.pagination.hasMore) break;
    cursor = body.pagination.nextCursor;
  }
  expect(walked).toEqual([later, ...ids.toReversed()]);
  const counts = (await app.call("GET", "/jobs/counts")).body.data;
  expect(counts).toMatchObject({ dead: 5, scheduled: 1, waiting: 0 });
  expect(counts.names.map(({ name, queue }: { name: string; queue: string }) => [name, queue])).toEqual([
    ["test.fail", "default"],
    ["test.wait", "webhooks"],
  ]);
  expect((await app.call("GET", "/jobs?state=lost")).status).toBe(400);
});

test("an operator sees the jobs of all, and their arguments; a workspace sees no arguments and no bug's words", async () => {
  const id = await enqueue(fail, { secret: "ada" });
  const told = await enqueue(fail, { secret: "" });
  await app.app.worker.idle();
  const own = (await app.call("GET", `/jobs/${id}`)).body.data;
  expect(own.args).toBeNull();
  expect(own.errors).toMatchObject([{ code: "FAILED", message: "Something went wrong on our side." }]);
  expect((await app.call("GET", `/jobs/${told}`)).body.data.errors).toMatchObject([
    { code: "GIVEN_UP", message: "There is nothing to do." },
  ]);
  const { body } = await asOperator("GET", `/jobs/${id}`);
  expect(body.data).toMatchObject({
    args: { secret: "ada" },
    workspaceId: mine,
    errors: [{ message: "cannot read /home/ada" }],
  });
  const names = (await asOperator("GET", "/jobs")).body.data.map(({ name }: { name: string }) => name);
  expect(names).toContain("jobs.clean-up");
  expect(names).toContain("links.empty-trash");
  const stranger = await app.stranger();
  expect((await app.call("GET", `/jobs/${id}`, { key: stranger })).status).toBe(404);
  expect((await app.call("GET", "/jobs", { key: stranger })).body.data).toEqual([]);
});

test("a dead job begins anew, on record, and a retry of the request does it once", async () => {
  const id = await enqueue(fail, { secret: "" });
  await app.app.worker.idle();
  const headers = { "idempotency-key": "again" };
  const first = await app.call("POST", `/jobs/${id}/retry`, { headers });
  expect(first.body.data).toMatchObject({ state: "waiting", attempts: 0 });
  await app.app.worker.idle();
  const second = await app.call("POST", `/jobs/${id}/retry`, { headers });
  expect(second.text).toBe(first.text);
  const { data } = (await app.call("GET", `/jobs/${id}`)).body;
  expect(data).toMatchObject({ state: "dead", attempts: 1 });
  expect(data.errors).toHaveLength(2);
  expect((await app.events()).filter((type) => type.startsWith("job."))).toEqual([
    "job.died",
    "job.retried",
    "job.died",
  ]);
});

test("what is done or under way is not tried again, and a unique key stays unique", async () => {
  const id = await enqueue(wait, {});
  await running();
  expect((await app.call("POST", `/jobs/${id}/retry`)).status).toBe(409);
  go.resolve();
  await app.app.worker.idle();
  expect((await app.call("POST", `/jobs/${id}/retry`)).status).toBe(409);
  const dead = await enqueue(fail, { secret: "" }, { uniqueKey: "one" });
  await app.app.worker.idle();
  await enqueue(fail, { secret: "" }, { uniqueKey: "one", runAt: app.clock.now() + 1000 });
  const refused = await app.call("POST", `/jobs/${dead}/retry`);
  expect(refused.status).toBe(409);
  expect(refused.body.message).toContain("unique key");
});

test("a job that waits is cancelled at once, and one that runs is told to stop", async () => {
  const waiting = await enqueue(wait, {}, { runAt: app.clock.now() + 1000 });
  expect((await app.call("POST", `/jobs/${waiting}/cancel`)).body.data).toMatchObject({ state: "cancelled" });
  const id = await enqueue(wait, {});
  await running();
  expect((await app.call("POST", `/jobs/${id}/cancel`)).body.data).toMatchObject({
    state: "running",
    cancelAsked: true,
  });
  await app.app.worker.idle();
  expect((await app.call("GET", `/jobs/${id}`)).body.data).toMatchObject({
    state: "cancelled",
    progress: 0.5,
    progressMessage: "half of it",
  });
  expect((await app.call("POST", `/jobs/${id}/cancel`)).status).toBe(200);
  expect((await app.events()).filter((type) => type === "job.cancelled")).toHaveLength(2);
  expect((await app.call("POST", `/jobs/${id}/retry`)).body.data.state).toBe("waiting");
});

test("a stream tells of a job until it has ended, and then ends itself", async () => {
  const id = await enqueue(wait, {});
  await running();
  const { url } = app.app.server;
  const response = await fetch(`${url}/api/v1/jobs/${id}/events`, {
    headers: { authorization: `Bearer ${app.owner}`, host: "links.test" },
  });
  expect(response.headers.get("content-type")).toStartWith("text/event-stream");
  const text = response.text();
  await Bun.sleep(10);
  go.resolve();
  const events = (await text).trim().split("\n\n");
  const [last = ""] = events.slice(-1);
  expect(events[0]).toStartWith("event: job\ndata: {");
  expect(last).toStartWith("event: end\n");
  expect(JSON.parse(last.split("\ndata: ")[1]!)).toMatchObject({ id, state: "done" });
  const over = await app.call("GET", `/jobs/${id}/events`);
  expect(over.text.match(/^event: /gm)).toHaveLength(1);
});

test("a workspace follows twenty jobs at once, and leaves room for others; asking for the head alone follows none", async () => {
  const id = await enqueue(wait, {});
  const other = await enqueue(wait, {}, { workspaceId: null });
  await running();
  for (let i = 0; i < 30; i++)
    expect((await app.call("HEAD", `/jobs/${id}/events`)).headers.get("content-type")).toContain(
      "event-stream",
    );
  const open = Array.from({ length: 20 }, () => streamJob(contextOf(mine), id));
  const bodies = (await Promise.all(open)).map(({ body }) => body!);
  expect((await app.call("GET", `/jobs/${id}/events`)).status).toBe(429);
  const operators = await streamJob({ ...contextOf(null), actor: operator }, other);
  await Promise.all([operators.body!, ...bodies].map((body) => body.cancel()));
  await (await streamJob(contextOf(mine), id)).body!.cancel();
});

test("whoever does not read a stream is not kept a copy of all that happened", async () => {
  const id = await enqueue(wait, {});
  await running();
  const { body } = await streamJob(contextOf(mine), id);
  for (let i = 0; i < 20; i++) {
    tell(i / 20, `step ${i}`);
    app.clock.advance(1000);
    await Bun.sleep(10);
  }
  go.resolve();
  await app.app.worker.idle();
  const text = await new Response(body).text();
  expect(text.match(/^event: job$/gm)!.length).toBeLessThanOrEqual(5);
  expect(text).toContain("event: end\n");
});

test("a stop ends the streams before it waits for anything", async () => {
  const id = await enqueue(wait, {});
  await running();
  const response = await fetch(`${app.app.server.url}/api/v1/jobs/${id}/events`, {
    headers: { authorization: `Bearer ${app.owner}`, host: "links.test" },
  });
  const text = response.text();
  const stopping = app.app.worker.stop();
  expect(await text).toContain("event: job\n");
  expect((await app.call("GET", `/jobs/${id}/events`)).status).toBe(503);
  go.resolve();
  await stopping;
});

test("metrics tell how many jobs there are, how old the oldest is, and what became of attempts", async () => {
  await enqueue(fail, { secret: "" });
  await app.app.worker.idle();
  await enqueue(wait, {}, { runAt: app.clock.now() + 5000 });
  const response = await fetch(`${app.app.server.url}/metrics`, {
    headers: { authorization: `Bearer ${await operatorKey()}`, host: "links.test" },
  });
  const text = await response.text();
  expect(text).toContain('waypost_jobs{name="test.fail",queue="default",state="dead"} 1');
  expect(text).toContain('waypost_jobs{name="test.wait",queue="webhooks",state="scheduled"} 1');
  expect(text).toContain('waypost_job_attempts_total{name="test.fail",outcome="dead"} 1');
  expect(text).toContain('waypost_job_duration_seconds_count{name="test.fail"} 1');
  expect(text).toContain('waypost_jobs_oldest_seconds{name="test.fail",queue="default"} 0');
});

async function operatorKey(): Promise<string> {
  const request = new Request("http://localhost/api/v1/installation/keys", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ name: "ops" }),
  });
  const response = await app.app.api.fetchAs(request, localOperator(request));
  return ((await response.json()) as { data: { secret: string } }).data.secret;
}
