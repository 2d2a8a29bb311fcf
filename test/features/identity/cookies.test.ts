import { afterEach, expect, setDefaultTimeout, test } from "bun:test";
import { type Answer, type TestApp, testApp } from "../../support/app.ts";
import { makeUser, PASSWORD } from "../../support/people.ts";

// Hashing waits for everybody else on the machine, other tests among them.
setDefaultTimeout(30_000);

let app: TestApp;
afterEach(() => app.close());

const ORIGIN = "https://links.test";
const HTTPS = { WAYPOST_BASE_URL: ORIGIN, WAYPOST_TRUSTED_PROXIES: "127.0.0.1" };

interface Ask {
  readonly body?: unknown;
  readonly headers?: Record<string, string | null>;
  readonly method?: string;
}

/** A request as a browser behind a TLS proxy sends it, through the real port. `null` leaves a header out. */
async function ask(
  path: string,
  { body, headers = {}, method = body === undefined ? "GET" : "POST" }: Ask = {},
) {
  const all: Record<string, string | null> = {
    host: "links.test",
    "x-forwarded-proto": "https",
    origin: ORIGIN,
    "sec-fetch-site": "same-origin",
    ...(body === undefined ? {} : { "content-type": "application/json" }),
    ...headers,
  };
  const response = await fetch(`http://127.0.0.1:${app.app.server.port}/api/v1${path}`, {
    method,
    headers: Object.fromEntries(
      Object.entries(all).filter((one): one is [string, string] => one[1] !== null),
    ),
    ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, body: JSON.parse(text) } as Answer;
}

interface Browser {
  readonly cookie: string;
  readonly csrf: string;
  readonly setCookies: string[];
}

async function open(email = "ada@example.org", headers: Ask["headers"] = {}): Promise<Browser> {
  const {
    status,
    headers: got,
    body,
    text,
  } = await ask("/auth/signin", {
    body: { email, password: PASSWORD, session: "cookie", platform: "web" },
    headers,
  });
  if (status !== 200) throw new Error(text);
  const setCookies = got.getSetCookie();
  expect(body.data).toMatchObject({ accessToken: null, refreshToken: null, deviceToken: null });
  return {
    cookie: setCookies.map((one) => one.split(";")[0]).join("; "),
    csrf: body.data.csrfToken,
    setCookies,
  };
}

test("every cookie is __Host-, Secure, HttpOnly, SameSite and small; no secret stands in the answer", async () => {
  app = await testApp({ env: HTTPS });
  await makeUser(app);
  const { setCookies, cookie } = await open();
  expect(setCookies).toHaveLength(2);
  for (const one of setCookies) {
    expect(one).toMatch(
      /^__Host-waypost-(session|device)=[\w-]+; Path=\/; HttpOnly; SameSite=Strict; Max-Age=\d+; Secure$/,
    );
    expect(one.length).toBeLessThan(4096);
  }
  // 43 letters of 62: 256 bits.
  expect(setCookies[0]).toMatch(/^__Host-waypost-session=[0-9A-Za-z]{43};/);
  const me = await ask("/auth/session", { headers: { cookie } });
  expect(me.status).toBe(200);
  expect(me.body.data.session.kind).toBe("cookie");
  expect(me.text).not.toContain(cookie.split(/[=;]/)[1]!);
});

test("on this machine without TLS the name is plain; elsewhere without TLS there is no cookie at all", async () => {
  app = await testApp({ env: { WAYPOST_BASE_URL: "http://links.test" } });
  await makeUser(app);
  const local = { host: "localhost", origin: "http://localhost", "x-forwarded-proto": null };
  const { setCookies, cookie } = await open("ada@example.org", local);
  for (const one of setCookies)
    expect(one).toMatch(/^waypost-(session|device)=[\w-]+; Path=\/; HttpOnly; SameSite=Strict; Max-Age=\d+$/);
  expect((await ask("/auth/session", { headers: { ...local, cookie } })).status).toBe(200);
  const refused = await ask("/auth/signin", {
    body: { email: "ada@example.org", password: PASSWORD, session: "cookie" },
    headers: { origin: "http://links.test", "x-forwarded-proto": null },
  });
  expect([refused.status, refused.headers.getSetCookie()]).toEqual([403, []]);
});

test("a session cannot be fixed: whatever id a browser brings, a sign-in draws a new one", async () => {
  app = await testApp({ env: HTTPS });
  await makeUser(app);
  const planted = "__Host-waypost-session=planted";
  const first = await open("ada@example.org", { cookie: planted });
  expect(first.cookie).not.toContain("planted");
  expect((await ask("/auth/session", { headers: { cookie: planted } })).status).toBe(401);
  const second = await open("ada@example.org", { cookie: first.cookie, "x-csrf-token": first.csrf });
  expect(second.cookie.split(";")[0]).not.toBe(first.cookie.split(";")[0]);
});

test("every write by cookie is refused unless our own page sent it with the session's own token", async () => {
  app = await testApp({ env: HTTPS });
  await makeUser(app);
  await makeUser(app, "eve@example.org");
  const { cookie, csrf } = await open();
  const eve = await open("eve@example.org");
  const good = { cookie, "x-csrf-token": csrf };
  const attacks: Record<string, Record<string, string | null>> = {
    "no origin": { ...good, origin: null },
    "a foreign origin": { ...good, origin: "https://evil.example" },
    "origin null": { ...good, origin: "null" },
    "a sibling": { ...good, origin: "https://evil.links.test" },
    "a parent": { ...good, origin: "https://test" },
    "another port": { ...good, origin: "https://links.test:8443" },
    "without TLS": { ...good, origin: "http://links.test" },
    "a path behind it": { ...good, origin: "https://links.test/" },
    "cross-site": { ...good, "sec-fetch-site": "cross-site" },
    "same-site": { ...good, "sec-fetch-site": "same-site" },
    "typed by the person": { ...good, "sec-fetch-site": "none" },
    "no token": { cookie },
    "an empty token": { cookie, "x-csrf-token": "" },
    "the token of another's session": { cookie, "x-csrf-token": eve.csrf },
    "a made-up token": { cookie, "x-csrf-token": "x".repeat(csrf.length) },
    "a changed token": { cookie, "x-csrf-token": `${csrf.slice(0, -4)}AAAA` },
    "the cookie as token": { cookie, "x-csrf-token": cookie.split(/[=;]/)[1]! },
    "another method in a header": { cookie, "x-http-method-override": "GET" },
  };
  const writes = app.app.api.routes.filter(({ method }) => method !== "GET" && method !== "HEAD");
  expect(writes.length).toBeGreaterThan(20);
  let cells = 0;
  for (const { method, path } of writes)
    for (const [name, headers] of Object.entries(attacks)) {
      const target = path.replace("/api/v1", "").replace(/:\w+/g, "x");
      const { status, body } = await ask(target, { method, headers, body: {} });
      expect([method, path, name, status, body.error.code]).toEqual([method, path, name, 403, "FORBIDDEN"]);
      cells++;
    }
  expect(cells).toBeGreaterThan(400);
  // The control: the same call, as our page sends it, comes through.
  expect((await ask("/auth/signout", { body: {}, headers: good })).status).toBe(200);
}, 60_000);

test("bodies that a form can send are refused, whatever else is right", async () => {
  app = await testApp({ env: HTTPS });
  await makeUser(app);
  const { cookie, csrf } = await open();
  for (const type of ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"]) {
    const headers = { cookie, "x-csrf-token": csrf, "content-type": type };
    expect([type, (await ask("/auth/signout", { body: "{}", headers })).status]).toEqual([type, 415]);
  }
  // Reading is no writing: no address changes anything by GET.
  for (const path of ["/auth/signout", "/auth/signin", "/auth/refresh-token"])
    expect([path, (await ask(path, { headers: { cookie } })).status]).toEqual([path, 405]);
});

test("a foreign page signs nobody in", async () => {
  app = await testApp({ env: HTTPS });
  await makeUser(app);
  const body = { email: "ada@example.org", password: PASSWORD, session: "cookie" };
  for (const headers of [
    { origin: null },
    { origin: "https://evil.example" },
    { "sec-fetch-site": "cross-site" },
  ]) {
    const answer = await ask("/auth/signin", { body, headers });
    expect([headers, answer.status, answer.headers.getSetCookie()]).toEqual([headers, 403, []]);
  }
});

test("a bearer needs none of it: no browser sends one by itself", async () => {
  app = await testApp({ env: HTTPS });
  await makeUser(app);
  const { body } = await ask("/auth/signin", { body: { email: "ada@example.org", password: PASSWORD } });
  const headers = {
    authorization: `Bearer ${body.data.accessToken}`,
    origin: "https://evil.example",
    "sec-fetch-site": "cross-site",
  };
  expect((await ask("/auth/signout", { body: {}, headers })).status).toBe(200);
});

test("what was ended elsewhere is over here, and the cookie goes with a sign-out", async () => {
  app = await testApp({ env: HTTPS });
  await makeUser(app);
  const { cookie, csrf } = await open();
  const out = await ask("/auth/signout", { body: {}, headers: { cookie, "x-csrf-token": csrf } });
  expect(out.headers.getSetCookie()).toEqual([
    "__Host-waypost-session=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0; Secure",
  ]);
  expect((await ask("/auth/session", { headers: { cookie } })).status).toBe(401);
});
