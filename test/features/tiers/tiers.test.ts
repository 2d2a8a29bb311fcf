import { afterAll, beforeAll, expect, test } from "bun:test";
import { builtInTiers } from "../../../src/features/tiers/built-in.ts";
import { silentLog } from "../../../src/lib/log.ts";
import { openCounter } from "../../../src/platform/limits/counter.ts";
import { openLimitKeeper } from "../../../src/platform/limits/keeper.ts";
import type { Limits } from "../../../src/platform/limits/tier.ts";
import { type TestApp, testApp } from "../../support/app.ts";
import { handClock } from "../../support/clock.ts";
import { openTestDatabase } from "../../support/database.ts";
import { addPerson, testPeople } from "../../support/test-people.ts";

const people = testPeople();
let app: TestApp;
beforeAll(async () => {
  app = await testApp({ people, env: { WAYPOST_RATE_LIMIT: "100" } });
});
afterAll(() => app.close());

const key = async (body: object, maker?: string) =>
  app.call("POST", "/keys", {
    body: { name: "k", role: "viewer", ...body },
    ...(maker ? { key: maker } : {}),
  });
/** The windows of a key and what is left of the tightest, as one more call sees them. */
const windows = async (secret: string) => {
  const { headers } = await app.call("GET", "/links/count", { key: secret });
  return [headers.get("ratelimit-policy"), headers.get("ratelimit")?.replace(/;t=\d+/, "") ?? null];
};
const setTier = (id: string, tier: string | null) =>
  app.operate("PATCH", `/installation/keys/${id}`, { tier });

test("the tiers of the program are these", async () => {
  const { body } = await app.call("GET", "/tiers");
  const rows = body.data.map((one: Record<string, unknown>) =>
    [one["name"], one["perMinute"], one["perHour"], one["perDay"], one["builtIn"], one["isDefault"]].join(
      " ",
    ),
  );
  expect(rows).toEqual([
    "default 100   true true",
    "mobile 60 1000 20000 true false",
    "live 120 5000 100000 true false",
    "crm 300 15000 300000 true false",
    "third_party 60 2000 40000 true false",
    "admin    true false",
    "pro  1000  true false",
    "enterprise  10000  true false",
  ]);
});

/** A day of somebody who calls without end, with a stop and a start of the program at noon. */
async function dayOf(limits: Limits) {
  const clock = handClock(Date.parse("2026-03-10T00:00:00Z"));
  const db = await openTestDatabase(clock);
  const start = async () => {
    const counter = openCounter(clock, true);
    const keeper = openLimitKeeper({ db, counter, after: clock.after, log: silentLog });
    await keeper.start();
    return { counter, keeper };
  };
  let process = await start();
  const most = { minute: 0, hour: 0, day: 0 };
  for (let hour = 0; hour < 24; hour++) {
    let inHour = 0;
    for (let minute = 0; minute < 60; minute++) {
      let inMinute = 0;
      while (!process.counter.take("ws:key", limits)!.exceeded) inMinute++;
      if (hour === 12 && minute === 7) {
        await process.keeper.stop();
        process = await start();
        expect(process.counter.take("ws:key", limits)!.exceeded).toBe(true);
      }
      most.minute = Math.max(most.minute, inMinute);
      inHour += inMinute;
      clock.set(clock.now() + 60_000);
    }
    most.hour = Math.max(most.hour, inHour);
    most.day += inHour;
  }
  await process.keeper.stop();
  await db.close();
  return most;
}

test.each([
  ["mobile", { minute: 60, hour: 1000, day: 20_000 }],
  ["live", { minute: 120, hour: 5000, day: 100_000 }],
  ["crm", { minute: 300, hour: 15_000, day: 300_000 }],
  ["third_party", { minute: 60, hour: 2000, day: 40_000 }],
  ["pro", { minute: 1000, hour: 1000, day: 24_000 }],
  ["enterprise", { minute: 10_000, hour: 10_000, day: 240_000 }],
])(
  "whoever calls without end on the tier %s gets exactly its calls, over a restart as well",
  async (name, most) => {
    const limits = builtInTiers({ WAYPOST_RATE_LIMIT: 0 })[name]!;
    expect(await dayOf(limits)).toEqual(most);
  },
);

test("a key carries its tier, and a change of it holds from the next call on", async () => {
  const { data } = (await key({ tier: "mobile" })).body;
  expect(await windows(data.secret)).toEqual([
    '"minute";q=60;w=60, "hour";q=1000;w=3600, "day";q=20000;w=86400',
    '"minute";r=59',
  ]);
  await setTier(data.id, "crm");
  expect(await windows(data.secret)).toEqual([
    '"minute";q=300;w=60, "hour";q=15000;w=3600, "day";q=300000;w=86400',
    '"minute";r=298',
  ]);
  await setTier(data.id, "admin");
  expect(await windows(data.secret)).toEqual([null, null]);
  await setTier(data.id, null);
  expect((await windows(data.secret))[0]).toBe('"minute";q=100;w=60');
  expect((await app.events()).at(-1)).toBe("key.updated");
});

test("operators define tiers, change them under running keys, and take away none that is in use", async () => {
  const made = await app.operate("POST", "/installation/tiers", {
    name: "partners",
    perMinute: 7,
    perHour: 50,
  });
  expect([made.status, made.body.data.builtIn]).toEqual([201, false]);
  const { data } = (await key({ tier: "partners" })).body;
  expect((await windows(data.secret))[1]).toBe('"minute";r=6');
  await app.operate("PATCH", "/installation/tiers/partners", { perMinute: null, perHour: 3, about: "less" });
  expect(await windows(data.secret)).toEqual(['"hour";q=3;w=3600', '"hour";r=1']);
  const { events } = app.db.tables;
  const last = (await app.db.read.select().from(events).orderBy(events.id)).at(-1)!;
  expect([last.type, (last.data as { previous: unknown }).previous]).toEqual([
    "tier.updated",
    { about: "", perMinute: 7, perHour: 50 },
  ]);
  expect((await app.operate("DELETE", "/installation/tiers/partners")).status).toBe(409);
  await app.call("DELETE", `/keys/${data.id}`);
  expect((await app.operate("DELETE", "/installation/tiers/partners")).status).toBe(200);
  expect((await app.call("GET", "/tiers/partners")).status).toBe(404);
});

test("what is no tier is named, and those of the program stay as they are", async () => {
  const post = (body: object) => app.operate("POST", "/installation/tiers", body);
  for (const name of ["", "Mobile", "9a", "a b", "a".repeat(41)])
    expect((await post({ name })).status).toBe(400);
  for (const perDay of [0, -1, 1.5, 1_000_000_001, "5"])
    expect((await post({ name: "x", perDay })).body.error.details[0].path).toBe("/perDay");
  for (const name of ["mobile", "default"]) {
    expect((await post({ name })).status).toBe(409);
    expect((await app.operate("PATCH", `/installation/tiers/${name}`, { perDay: 1 })).status).toBe(409);
    expect((await app.operate("DELETE", `/installation/tiers/${name}`)).status).toBe(409);
  }
  await post({ name: "twice" });
  expect((await post({ name: "twice" })).status).toBe(409);
  expect((await app.operate("PATCH", "/installation/tiers/never", {})).status).toBe(404);
  expect((await app.operate("PATCH", "/installation/tiers/__proto__", {})).status).toBe(404);
  expect((await key({ tier: "nothing" })).body.error.details[0].path).toBe("/tier");
  expect((await key({ tier: "constructor" })).body.error.details[0].path).toBe("/tier");
});

test("a workspace cannot lift its own limits, and a key gives no tier beyond its own", async () => {
  for (const tier of ["admin", "enterprise", "live", "crm"])
    expect([tier, (await key({ tier })).status]).toEqual([tier, 403]);
  const { data } = (await key({ tier: "mobile", role: "owner" })).body;
  expect((await app.call("PATCH", `/keys/${data.id}`, { body: { tier: "admin" } })).status).toBe(403);
  // Without a word its children have its tier; the default is wider, so it is not theirs.
  expect((await key({}, data.secret)).body.data.tier).toBe("mobile");
  expect((await key({ tier: null }, data.secret)).status).toBe(403);
  expect((await key({ tier: "third_party" }, data.secret)).status).toBe(403);
  const patched = await app.call("PATCH", `/keys/${data.id}`, { key: data.secret, body: { tier: null } });
  expect(patched.status).toBe(403);
  expect((await app.call("PATCH", `/installation/keys/${data.id}`, { body: { tier: "admin" } })).status).toBe(
    403,
  );
});

test("a key with a person beside it counts each person for themselves, by the key's tier", async () => {
  const workspaceId = (await app.call("GET", "/workspace")).body.data.id;
  const { data } = (await key({ tier: "mobile" })).body;
  const ask = async () => {
    const who = people.tokenOf(await addPerson(app, { role: "viewer", workspaceId }), null);
    const call = () => app.call("GET", "/links/count", { key: who, headers: { "x-api-key": data.secret } });
    await call();
    return (await call()).headers.get("ratelimit")!.replace(/;t=\d+/, "");
  };
  expect([await ask(), await ask()]).toEqual(['"minute";r=58', '"minute";r=58']);
});

test("the setting names the tier of callers whose key names none, one of the operator's too", async () => {
  const other = await testApp({ env: { WAYPOST_RATE_TIER: "crm" } });
  const policy = async () => (await other.call("GET", "/tiers")).headers.get("ratelimit-policy");
  expect(await policy()).toBe('"minute";q=300;w=60, "hour";q=15000;w=3600, "day";q=300000;w=86400');
  await other.close();
  const later = await testApp({ env: { WAYPOST_RATE_TIER: "house", WAYPOST_RATE_LIMIT: "9" } });
  const now = async () => (await later.call("GET", "/tiers")).headers.get("ratelimit-policy");
  expect(await now()).toBe('"minute";q=9;w=60');
  await later.operate("POST", "/installation/tiers", { name: "house", perDay: 5 });
  expect(await now()).toBe('"day";q=5;w=86400');
  await later.close();
});
