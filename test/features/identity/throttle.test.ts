import { afterEach, expect, setDefaultTimeout, test } from "bun:test";
import { openPasswords } from "../../../src/lib/passwords.ts";
import { type TestApp, testApp } from "../../support/app.ts";
import { makeUser, PASSWORD, person, signedInAs, tokenTo } from "../../support/people.ts";

// Hashing waits for everybody else on the machine, other tests among them.
setDefaultTimeout(30_000);

let app: TestApp;
afterEach(() => app.close());

/** Counts what is really compared, and compares it. */
function counting(): { count: number } {
  const counted = { count: 0 };
  const { passwords } = app.app.ports;
  const verify = passwords.verify.bind(passwords);
  Object.assign(passwords, {
    verify: (...both: Parameters<typeof verify>) => {
      counted.count++;
      return verify(...both);
    },
  });
  return counted;
}

const guess = (at: number, address: string, more: object = {}) =>
  app.call("POST", "/auth/signin", {
    key: null,
    address,
    body: { email: "ada@example.org", password: `guess-${at}`, ...more },
  });
const DAY_MS = 86_400_000;

/** The long form is GUESSES=10000. */
const GUESSES = Number(process.env["GUESSES"] ?? 10_000);
test(`of ${GUESSES} guesses in a day from 200 addresses at most 100 are compared, and the owner signs in all the while`, async () => {
  app = await testApp();
  await makeUser(app);
  const known = await signedInAs(app, "ada@example.org", { address: "198.51.100.9" });
  const counted = counting();
  const statuses = new Map<number, number>();
  let owners = 0;
  for (let at = 0; at < GUESSES; at++) {
    const { status, headers } = await guess(at, `203.0.113.${at % 200}`);
    statuses.set(status, (statuses.get(status) ?? 0) + 1);
    if (status === 429) expect(Number(headers.get("retry-after"))).toBeGreaterThan(0);
    app.clock.advance((DAY_MS - 60_000) / GUESSES);
    if (at % (GUESSES / 10) !== 0) continue;
    const before = counted.count;
    await signedInAs(app, "ada@example.org", {
      address: "198.51.100.9",
      body: { deviceToken: known.deviceToken },
    });
    owners += counted.count - before;
  }
  expect(counted.count - owners).toBeLessThanOrEqual(100);
  expect(counted.count - owners).toBeGreaterThan(10);
  expect(statuses.get(401)).toBe(counted.count - owners);
  expect(statuses.get(429)).toBe(GUESSES - (counted.count - owners));
  expect(owners).toBe(10);
}, 120_000);

test("tries that come at once are counted each", async () => {
  app = await testApp();
  await makeUser(app);
  const counted = counting();
  const answers = await Promise.all(Array.from({ length: 200 }, (_, at) => guess(at, `203.0.113.${at}`)));
  // Five are free, and the sixth makes all others wait.
  expect(answers.filter(({ status }) => status === 401)).toHaveLength(6);
  expect(counted.count).toBe(6);
});

test("waits grow: who goes on trying waits a second, then two, up to a quarter of an hour", async () => {
  app = await testApp();
  await makeUser(app);
  const waits: number[] = [];
  for (let at = 0; waits.length < 12; at++) {
    const { status, headers } = await guess(at, `203.0.113.${at}`);
    if (status === 401) continue;
    const seconds = Number(headers.get("retry-after"));
    waits.push(seconds);
    app.clock.advance(seconds * 1000);
  }
  expect(waits).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900]);
}, 60_000);

test("one address tries twenty accounts a minute and no more; another is not kept from it", async () => {
  app = await testApp();
  const counted = counting();
  const spray = (at: number, address = "203.0.113.5") =>
    app.call("POST", "/auth/signin", {
      key: null,
      address,
      body: { email: `person${at}@example.org`, password: "Summer2026" },
    });
  let refused = 0;
  for (let at = 0; at < 60; at++) refused += (await spray(at)).status === 429 ? 1 : 0;
  expect([counted.count, refused]).toEqual([20, 40]);
  expect((await spray(99, "203.0.113.6")).status).toBe(401);
  app.clock.advance(60_001);
  expect((await spray(100)).status).toBe(401);
  // All of an IPv6 customer's addresses are one.
  counted.count = 0;
  for (let at = 0; at < 30; at++) await spray(200 + at, `2001:db8:1:2::${at}`);
  expect(counted.count).toBe(20);
}, 60_000);

test("what hashes a password is counted before: signing up, choosing another, and accepting an invitation", async () => {
  app = await testApp({ env: { WAYPOST_SIGNUP: "open" } });
  const ada = await person(app);
  const { data } = (await app.call("GET", "/workspace")).body;
  await app.call("POST", `/workspaces/${data.id}/invites`, { body: { email: "asked@example.org" } });
  const token = await tokenTo(app, "asked@example.org");
  let hashes = 0;
  Object.assign(app.app.ports.passwords, { hash: async () => `hash-${++hashes}` });
  const chosen = "another-lantern-77-harbour";
  const floods: Record<string, (at: number) => Promise<{ status: number }>> = {
    signUp: (at) =>
      app.call("POST", "/auth/signup", {
        key: null,
        address: "203.0.113.7",
        body: { email: `person${at}@example.org`, password: chosen },
      }),
    changePassword: () => ada.call("POST", "/auth/password/change", { password: chosen }),
    acceptInvite: () =>
      app.call("POST", "/invites/accept", {
        key: null,
        address: "203.0.113.8",
        body: { token, password: chosen },
      }),
  };
  for (const [name, ask] of Object.entries(floods)) {
    hashes = 0;
    const answers = await Promise.all(Array.from({ length: 60 }, (_, at) => ask(at)));
    expect([name, hashes <= 20, hashes > 0]).toEqual([name, true, true]);
    expect(answers.some(({ status }) => status === 429)).toBe(true);
  }
  // And of one address, from wherever it is asked.
  hashes = 0;
  for (let at = 0; at < 30; at++)
    await app.call("POST", "/auth/signup", {
      key: null,
      address: `192.0.2.${at}`,
      body: { email: "bob@example.org", password: chosen },
    });
  expect(hashes).toBe(10);
}, 60_000);

test("an address that somebody claims in a header is nobody's: the real one is counted", async () => {
  app = await testApp();
  const counted = counting();
  const url = `http://127.0.0.1:${app.app.server.port}/api/v1/auth/signin`;
  let refused = 0;
  for (let at = 0; at < 30; at++) {
    const response = await fetch(url, {
      method: "POST",
      headers: {
        host: "links.test",
        "content-type": "application/json",
        "x-forwarded-for": `203.0.113.${at}`,
        "x-real-ip": `203.0.113.${at}`,
        forwarded: `for=203.0.113.${at}`,
      },
      body: JSON.stringify({ email: `person${at}@example.org`, password: "x" }),
    });
    refused += response.status === 429 ? 1 : 0;
  }
  expect([counted.count, refused]).toEqual([20, 10]);
}, 60_000);

test("what was counted is kept in the database, as hashes that name nobody", async () => {
  app = await testApp();
  await makeUser(app);
  for (let at = 0; at < 7; at++) await guess(at, `203.0.113.${at}`);
  const rows = await app.db.read.select().from(app.db.tables.throttles);
  const account = rows.find(({ tries }) => tries === 6);
  expect(account!.blockedUntil).toBeGreaterThan(app.clock.now());
  for (const { id } of rows) expect(id).toMatch(/^[0-9a-f]{64}$/);
  expect(JSON.stringify(rows)).not.toMatch(/ada@|203\.0\.113/);
});

test("a device is known to one account, and a made-up one to none", async () => {
  app = await testApp();
  await makeUser(app);
  await makeUser(app, "eve@example.org");
  const eve = await signedInAs(app, "eve@example.org");
  for (let at = 0; at < 6; at++) await guess(at, "203.0.113.1");
  const forged = eve.deviceToken.replace(/.$/, (last) => (last === "0" ? "1" : "0"));
  for (const deviceToken of [eve.deviceToken, forged, "way_dv_x", "x"])
    expect([
      deviceToken,
      (await guess(0, "203.0.113.2", { deviceToken, password: PASSWORD })).status,
    ]).toEqual([deviceToken, 429]);
});

test("who waits for a hash beyond the queue is told to come back, and has lost no try", async () => {
  app = await testApp();
  await makeUser(app);
  Object.assign(app.app.ports.passwords, openPasswords({ atOnce: 1, waitingMax: 2 }));
  const answers = await Promise.all(
    Array.from({ length: 8 }, (_, at) =>
      app.call("POST", "/auth/signin", {
        key: null,
        address: `203.0.113.${at}`,
        body: { email: `person${at}@example.org`, password: "x" },
      }),
    ),
  );
  expect(answers.map(({ status }) => status).toSorted()).toEqual([401, 401, 401, 429, 429, 429, 429, 429]);
  const late = answers.find(({ status }) => status === 429)!;
  expect(late.headers.get("retry-after")).toBe("5");
  expect(late.body.message).toContain("Too many people");
});
