import { afterEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { type TestApp, testApp } from "../../support/app.ts";
import { codeTo, lettersTo, makeUser, PASSWORD, person, signedInAs, tokenTo } from "../../support/people.ts";

// Hashing waits for everybody else on the machine, other tests among them.
setDefaultTimeout(30_000);

let app: TestApp;
afterEach(() => app.close());

let from = 0;
/** Each from an address of its own, so that only what is meant is throttled. */
const post = (path: string, body: unknown, address = `203.0.113.${from++ % 250}`) =>
  app.call("POST", path, { key: null, address, body });
const NEW_PASSWORD = "another-lantern-77-harbour";

describe("signing up", () => {
  const ada = { email: "Ada@Example.org", password: PASSWORD, firstName: "Ada", lastName: null };

  test("is closed unless the operator opens it", async () => {
    app = await testApp();
    const { status, body } = await post("/auth/signup", ada);
    expect([status, body.error.code]).toEqual([403, "FORBIDDEN"]);
    await app.close();
    app = await testApp({ env: { WAYPOST_SIGNUP: "invite" } });
    expect((await post("/auth/signup", ada)).body.message).toContain("invitation");
  });

  test("makes the account by the letter's link and the password, once", async () => {
    app = await testApp({ env: { WAYPOST_SIGNUP: "open" } });
    expect((await post("/auth/signup", ada)).body.data).toEqual({ sent: true });
    expect(await app.db.read.select().from(app.db.tables.users)).toHaveLength(0);
    expect(signedInAs(app, "ada@example.org")).rejects.toThrow("wrong");
    const token = await tokenTo(app, "Ada@Example.org");
    expect(token.length).toBe(43);
    const verified = await post("/auth/email/verify", { token, password: PASSWORD });
    expect(verified.body.data).toMatchObject({ email: "Ada@Example.org", firstName: "Ada", operator: false });
    expect((await post("/auth/email/verify", { token, password: PASSWORD })).status).toBe(410);
    expect((await signedInAs(app, "ada@example.org")).id).toBe(verified.body.data.id);
    expect((await app.events()).filter((type) => type === "user.created")).toHaveLength(1);
  });

  test("of an address of somebody else makes no account by their opening the link: not with the asker's password", async () => {
    app = await testApp({ env: { WAYPOST_SIGNUP: "open" } });
    await post("/auth/signup", { ...ada, password: "the-password-of-eve-77" });
    const token = await tokenTo(app, ada.email);
    expect((await post("/auth/email/verify", { token })).status).toBe(400);
    expect((await post("/auth/email/verify", { token, password: PASSWORD })).status).toBe(401);
    expect(await app.db.read.select().from(app.db.tables.users)).toHaveLength(0);
    // Bob asks himself: his own letter makes his account.
    await post("/auth/signup", ada);
    const own = await tokenTo(app, ada.email);
    expect((await post("/auth/email/verify", { token: own, password: PASSWORD })).status).toBe(200);
    const eve = { password: "the-password-of-eve-77" };
    await expect(signedInAs(app, ada.email, eve)).rejects.toThrow("wrong");
    await app.app.denials.settled();
    const { events } = app.db.tables;
    const failed = (await app.db.read.select().from(events).orderBy(events.id)).filter(
      ({ type }) => type === "user.sign_in_failed",
    );
    expect(failed[0]!.data).toMatchObject({ userId: null, method: "sign_up" });
  });

  test("has a link with which five passwords are tried, and then the right one is refused too", async () => {
    app = await testApp({ env: { WAYPOST_SIGNUP: "open" } });
    await post("/auth/signup", ada);
    const token = await tokenTo(app, ada.email);
    for (let at = 0; at < 5; at++)
      expect((await post("/auth/email/verify", { token, password: `guess-${at}` })).status).toBe(401);
    expect((await post("/auth/email/verify", { token, password: PASSWORD })).status).toBe(410);
  });

  test("answers alike whether the address has an account; its owner is told by letter", async () => {
    app = await testApp({ env: { WAYPOST_SIGNUP: "open" } });
    await makeUser(app, "ada@example.org");
    const taken = await post("/auth/signup", ada);
    const free = await post("/auth/signup", { ...ada, email: "new@example.org" });
    expect([taken.status, taken.body.data, taken.body.message]).toEqual([
      free.status,
      free.body.data,
      free.body.message,
    ]);
    expect((await lettersTo(app, "ada@example.org")).map(({ type }) => type)).toEqual([
      "identity.account-exists",
    ]);
    expect((await lettersTo(app, "new@example.org")).map(({ type }) => type)).toEqual([
      "identity.verify-email",
    ]);
    expect(await app.db.read.select().from(app.db.tables.users)).toHaveLength(1);
  });

  test("by two letters makes one account", async () => {
    app = await testApp({ env: { WAYPOST_SIGNUP: "open" } });
    const tokens: string[] = [];
    for (let at = 0; at < 2; at++) {
      await post("/auth/signup", ada);
      tokens.push(await tokenTo(app, ada.email));
    }
    const answers = await Promise.all(
      tokens.map((token) => post("/auth/email/verify", { token, password: PASSWORD })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 410]);
  });

  test("is over after a day, and the letter leads to the installation's own address whatever host was named", async () => {
    app = await testApp({ env: { WAYPOST_SIGNUP: "open" } });
    await app.call("POST", "/auth/signup", {
      key: null,
      body: ada,
      headers: { host: "evil.example", "x-forwarded-host": "evil.example", origin: "https://evil.example" },
    });
    const [letter] = await lettersTo(app, ada.email);
    expect(letter!.text).toMatch(/http:\/\/links\.test\/admin#verify=/);
    expect(letter!.text).not.toContain("evil");
    const token = await tokenTo(app, ada.email);
    app.clock.advance(86_400_000);
    expect((await post("/auth/email/verify", { token, password: PASSWORD })).status).toBe(410);
  });
});

describe("a mailed code", () => {
  const request = async (email = "ada@example.org"): Promise<string> =>
    (await post("/auth/otp/request", { email })).body.data.challenge;
  const verify = (challenge: string, code: string, address?: string) =>
    post("/auth/otp/verify", { challenge, code }, address);

  test("opens a session with its own challenge, once", async () => {
    app = await testApp();
    const id = await makeUser(app);
    const challenge = await request();
    const code = await codeTo(app, "ada@example.org");
    expect(code).toMatch(/^\d{8}$/);
    const other = await request("nobody@example.org");
    expect((await verify(other, code)).status).toBe(401);
    const { status, body } = await verify(challenge, `${code.slice(0, 4)} ${code.slice(4)}`);
    expect(status).toBe(200);
    expect(body.data.user.id).toBe(id);
    expect(body.data.session.method).toBe("code");
    expect((await verify(challenge, code)).status).toBe(401);
    expect(
      (await app.call("GET", "/user/profile", { key: body.data.accessToken })).body.data.emailVerified,
    ).toBe(true);
  });

  test("used by fifty at once opens one session", async () => {
    app = await testApp();
    await makeUser(app);
    const challenge = await request();
    const code = await codeTo(app, "ada@example.org");
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, at) => verify(challenge, code, `192.0.2.${at}`)),
    );
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(await app.db.read.select().from(app.db.tables.sessions)).toHaveLength(1);
  });

  test("may be tried five times, whoever tries, and then the right one is wrong too", async () => {
    app = await testApp();
    await makeUser(app);
    const challenge = await request();
    const code = await codeTo(app, "ada@example.org");
    const wrong = code.replace(/.$/, (last) => String((Number(last) + 1) % 10));
    const tries = await Promise.all(
      Array.from({ length: 4 }, (_, at) => verify(challenge, wrong, `192.0.2.${at}`)),
    );
    expect(tries.map(({ status }) => status)).toEqual([401, 401, 401, 401]);
    const second = await request();
    expect((await verify(challenge, wrong)).status).toBe(401);
    expect((await verify(challenge, code)).status).toBe(401);
    // The control: a fresh one is right.
    expect((await verify(second, await codeTo(app, "ada@example.org"))).status).toBe(200);
  });

  test("is over after ten minutes", async () => {
    app = await testApp();
    await makeUser(app);
    const challenge = await request();
    const code = await codeTo(app, "ada@example.org");
    app.clock.advance(10 * 60_000);
    expect((await verify(challenge, code)).status).toBe(401);
  });

  test("is sent ten times an hour to one address and no more, with or without an account", async () => {
    app = await testApp();
    await makeUser(app);
    for (const email of ["ada@example.org", "nobody@example.org"]) {
      const statuses: number[] = [];
      for (let at = 0; at < 15; at++) statuses.push((await post("/auth/otp/request", { email })).status);
      expect([email, statuses.filter((status) => status === 200).length]).toEqual([email, 10]);
      expect(statuses.at(-1)).toBe(429);
    }
    expect(await lettersTo(app, "ada@example.org")).toHaveLength(10);
    expect(await lettersTo(app, "nobody@example.org")).toHaveLength(0);
  });

  test("is answered alike for an account, none, and one that was disabled, and kept as a keyed hash", async () => {
    app = await testApp();
    await makeUser(app);
    const gone = await makeUser(app, "gone@example.org");
    await app.operate("POST", `/users/${gone}/disable`);
    const shapes: unknown[] = [];
    for (const email of ["ada@example.org", "gone@example.org", "nobody@example.org"]) {
      const { status, body } = await post("/auth/otp/request", { email });
      shapes.push([status, body.message, body.data.expiresAt, body.data.challenge.length]);
      const wrong = await verify(body.data.challenge, "00000000");
      shapes.push([wrong.status, wrong.body.error]);
    }
    expect(shapes.slice(2, 4)).toEqual(shapes.slice(0, 2));
    expect(shapes.slice(4, 6)).toEqual(shapes.slice(0, 2));
    const code = await codeTo(app, "ada@example.org");
    expect(await lettersTo(app, "gone@example.org")).toEqual([]);
    expect(JSON.stringify(await app.db.read.select().from(app.db.tables.proofs))).not.toContain(code);
  });
});

describe("a forgotten password", () => {
  const forgot = (email = "ada@example.org") => post("/auth/password/forgot", { email });
  const reset = (token: string, password = NEW_PASSWORD) => post("/auth/password/reset", { token, password });

  test("is replaced by the letter's link, once; every session ends, and the owner is told", async () => {
    app = await testApp();
    const ada = await person(app);
    expect((await forgot()).body.data).toEqual({ sent: true });
    const token = await tokenTo(app, ada.email);
    expect((await reset(token)).body.data).toEqual({ done: true });
    expect((await ada.call("GET", "/user/profile")).status).toBe(401);
    expect((await lettersTo(app, ada.email)).at(-1)!.subject).toBe("Your password was changed");
    expect((await reset(token)).status).toBe(410);
    expect(signedInAs(app, ada.email)).rejects.toThrow("wrong");
    expect((await signedInAs(app, ada.email, { password: NEW_PASSWORD })).id).toBe(ada.id);
  });

  test("is set by its owner while strangers ask in their name without end: by the link of before, and by a new one from a known device", async () => {
    app = await testApp();
    const ada = await person(app);
    await forgot();
    const first = await tokenTo(app, ada.email);
    const statuses: number[] = [];
    const askAll = async () => {
      for (let at = 0; at < 30; at++) {
        const path = at % 2 === 0 ? "/auth/password/forgot" : "/auth/otp/request";
        statuses.push((await post(path, { email: ada.email })).status);
      }
    };
    await askAll();
    expect(statuses.filter((status) => status === 200)).toHaveLength(9);
    // A made-up device is nobody's.
    const eve = await person(app, "eve@example.org");
    for (const deviceToken of [eve.deviceToken, "made-up"])
      expect((await post("/auth/password/forgot", { email: ada.email, deviceToken })).status).toBe(429);
    expect((await reset(first)).status).toBe(200);
    await askAll();
    const known = { email: ada.email, deviceToken: ada.deviceToken };
    const asked = await post("/auth/otp/request", known);
    expect(asked.status).toBe(200);
    const code = await codeTo(app, ada.email);
    expect((await post("/auth/otp/verify", { challenge: asked.body.data.challenge, code })).status).toBe(200);
    expect((await post("/auth/password/forgot", known)).status).toBe(200);
    const last = await tokenTo(app, ada.email);
    expect((await reset(last, "a-third-lantern-78-harbour")).status).toBe(200);
    for (let at = 0; at < 8; at++) expect((await post("/auth/otp/request", known)).status).toBe(200);
    expect((await post("/auth/otp/request", known)).status).toBe(429);
  });

  test("gets out whoever had made a token; the owner was told when it was made and when it was rotated", async () => {
    app = await testApp();
    const ada = await person(app);
    const made = (await ada.call("POST", "/user/tokens", { name: "laptop" })).body.data;
    const subjects = async () => (await lettersTo(app, ada.email)).map(({ subject }) => subject);
    expect(await subjects()).toEqual(["A personal token was made"]);
    const rotated = (await ada.call("POST", `/user/tokens/${made.id}/rotate`, {})).body.data;
    expect(await subjects()).toEqual(["A personal token was made", "A personal token was made"]);
    const { id } = (await ada.call("POST", "/workspaces", { name: "Acme" })).body.data;
    const key = await ada.call("POST", "/keys", { name: "k", role: "viewer" }, { "x-workspace-id": id });
    const inAcme = { "x-workspace-id": id };
    expect((await ada.call("POST", `/keys/${key.body.data.id}/rotate`, {}, inAcme)).status).toBe(200);
    expect((await subjects()).slice(2)).toEqual(Array(2).fill("A key was made in your name"));
    const profile = (key: string) => app.call("GET", "/links", { key, headers: inAcme });
    for (const { secret } of [made, rotated]) expect((await profile(secret)).status).toBe(200);
    await forgot();
    expect((await reset(await tokenTo(app, ada.email))).status).toBe(200);
    for (const { secret } of [made, rotated]) expect((await profile(secret)).status).toBe(401);
    expect(await app.events()).toContain("token.revoked");
  });

  test("answers alike for an address without an account, and writes to nobody", async () => {
    app = await testApp();
    await makeUser(app);
    const [here, nowhere] = [await forgot(), await forgot("nobody@example.org")];
    expect([here.status, here.body.data, here.body.message]).toEqual([
      nowhere.status,
      nowhere.body.data,
      nowhere.body.message,
    ]);
    expect(await lettersTo(app, "nobody@example.org")).toEqual([]);
  });

  test("has links that are good for half an hour, the ones before too, and void once the password was changed", async () => {
    app = await testApp();
    const ada = await person(app);
    await forgot();
    const first = await tokenTo(app, ada.email);
    await forgot();
    const second = await tokenTo(app, ada.email);
    expect(first).not.toBe(second);
    const { challenge } = (await post("/auth/otp/request", { email: ada.email })).body.data;
    const code = await codeTo(app, ada.email);
    expect((await ada.call("POST", "/auth/password/change", { password: NEW_PASSWORD })).status).toBe(200);
    for (const link of [first, second]) expect((await reset(link)).status).toBe(410);
    expect((await post("/auth/otp/verify", { challenge, code })).status).toBe(401);
    await forgot();
    const third = await tokenTo(app, ada.email);
    app.clock.advance(30 * 60_000);
    expect((await reset(third)).status).toBe(410);
  });

  test("by a dozen at once is set by one", async () => {
    app = await testApp();
    await makeUser(app);
    await forgot();
    const token = await tokenTo(app, "ada@example.org");
    const answers = await Promise.all(Array.from({ length: 12 }, () => reset(token)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
  }, 30_000);

  test("that is a bad one is refused and leaves the link good", async () => {
    app = await testApp();
    await makeUser(app);
    await forgot();
    const token = await tokenTo(app, "ada@example.org");
    expect((await reset(token, "password1234")).body.error.details[0].path).toBe("/password");
    expect((await reset(token)).status).toBe(200);
  });

  test("has a token that opens nothing else, and no other token opens it", async () => {
    app = await testApp({ env: { WAYPOST_SIGNUP: "open" } });
    await makeUser(app);
    await forgot();
    const token = await tokenTo(app, "ada@example.org");
    expect((await post("/auth/email/verify", { token, password: PASSWORD })).status).toBe(410);
    expect((await post("/auth/email/confirm", { token })).status).toBe(410);
    await post("/auth/signup", { email: "new@example.org", password: PASSWORD });
    expect((await reset(await tokenTo(app, "new@example.org"))).status).toBe(410);
    expect((await reset(token)).status).toBe(200);
  });

  test("changes nothing of a disabled account", async () => {
    app = await testApp();
    const id = await makeUser(app);
    await forgot();
    const token = await tokenTo(app, "ada@example.org");
    await app.operate("POST", `/users/${id}/disable`);
    expect((await reset(token)).status).toBe(410);
  });
});

describe("another address", () => {
  const confirm = (token: string) => post("/auth/email/confirm", { token });

  test("is taken when both have said yes, in either order; sessions end, and both are told", async () => {
    for (const order of [
      ["ada@example.org", "ada@new.example"],
      ["ada@new.example", "ada@example.org"],
    ] as const) {
      app = await testApp();
      const ada = await person(app);
      expect((await ada.call("POST", "/auth/email/change", { email: "ada@new.example" })).status).toBe(200);
      const tokens = await Promise.all(order.map((email) => tokenTo(app, email)));
      expect((await confirm(tokens[0]!)).body.data).toEqual({ changed: false });
      expect((await confirm(tokens[0]!)).status).toBe(410);
      expect((await ada.call("GET", "/user/profile")).body.data.email).toBe("ada@example.org");
      expect((await confirm(tokens[1]!)).body.data).toEqual({ changed: true });
      expect((await ada.call("GET", "/user/profile")).status).toBe(401);
      for (const email of order)
        expect((await lettersTo(app, email)).at(-1)!.subject).toBe("Your address was changed");
      expect((await signedInAs(app, "ada@new.example")).id).toBe(ada.id);
      expect(signedInAs(app, "ada@example.org")).rejects.toThrow("wrong");
      if (order[0] === "ada@example.org") await app.close();
    }
  });

  test("voids what was mailed to the one before: codes to sign in and to confirm, and half of a sign-in", async () => {
    app = await testApp();
    const ada = await person(app);
    const { proofs } = app.db.tables;
    const change = async () => {
      const asked = (await post("/auth/otp/request", { email: ada.email })).body.data;
      const code = await codeTo(app, ada.email);
      await ada.call("POST", "/auth/confirm/code");
      await ada.call("POST", "/auth/email/change", { email: "ada@new.example" });
      for (const email of [ada.email, "ada@new.example"])
        expect((await confirm(await tokenTo(app, email))).status).toBe(200);
      return { challenge: asked.challenge, code };
    };
    expect((await post("/auth/otp/verify", await change())).status).toBe(401);
    expect(await app.db.read.select().from(proofs)).toEqual([]);
  });

  test("that somebody else has is answered alike, and never taken", async () => {
    app = await testApp();
    const ada = await person(app);
    await makeUser(app, "bob@example.org");
    const taken = await ada.call("POST", "/auth/email/change", { email: "BOB@example.org" });
    const free = await ada.call("POST", "/auth/email/change", { email: "free@example.org" });
    expect([taken.status, taken.body.data]).toEqual([free.status, free.body.data]);
    expect((await lettersTo(app, "bob@example.org")).map(({ type }) => type)).toEqual([
      "identity.account-exists",
    ]);
  });

  test("that was taken meanwhile is refused", async () => {
    app = await testApp();
    const ada = await person(app);
    await ada.call("POST", "/auth/email/change", { email: "new@example.org" });
    const [old, fresh] = [await tokenTo(app, "ada@example.org"), await tokenTo(app, "new@example.org")];
    await makeUser(app, "new@example.org");
    await confirm(old);
    expect((await confirm(fresh)).status).toBe(409);
    expect((await ada.call("GET", "/user/profile")).body.data.email).toBe("ada@example.org");
  });

  test("is over after an hour, and replaced by the next request", async () => {
    app = await testApp();
    const ada = await person(app);
    await ada.call("POST", "/auth/email/change", { email: "one@example.org" });
    const one = await tokenTo(app, "one@example.org");
    await ada.call("POST", "/auth/email/change", { email: "two@example.org" });
    expect((await confirm(one)).status).toBe(410);
    const two = await tokenTo(app, "two@example.org");
    app.clock.advance(3_600_000);
    expect((await confirm(two)).status).toBe(410);
  });
});

test("letters of a reset and of a change of address lead here, whatever host was named", async () => {
  app = await testApp();
  const ada = await person(app);
  const headers = {
    host: "evil.example",
    "x-forwarded-host": "evil.example",
    origin: "https://evil.example",
  };
  const forgot = { key: null, body: { email: ada.email }, headers };
  expect((await app.call("POST", "/auth/password/forgot", forgot)).status).toBe(200);
  const change = { email: "new@example.org" };
  expect((await ada.call("POST", "/auth/email/change", change, headers)).status).toBe(200);
  const letters = [...(await lettersTo(app, ada.email)), ...(await lettersTo(app, change.email))];
  const links = letters.flatMap(({ text }) => text.match(/https?:\/\/\S+#\S+/g) ?? []);
  expect(links.length).toBe(3);
  for (const link of links) expect(link).toStartWith("http://links.test/admin#");
  expect(letters.map(({ text }) => text).join()).not.toContain("evil");
});

test("a link's token stands in no table: not in its letter's row, not in an event, not in a job", async () => {
  app = await testApp({ env: { WAYPOST_SIGNUP: "open" } });
  const ada = await person(app);
  await post("/auth/signup", { email: "new@example.org", password: PASSWORD });
  await post("/auth/password/forgot", { email: ada.email });
  const tokens = [await tokenTo(app, "new@example.org"), await tokenTo(app, ada.email)];
  await ada.call("POST", "/auth/email/change", { email: "changed@example.org" });
  tokens.push(await tokenTo(app, ada.email), await tokenTo(app, "changed@example.org"));
  // 43 letters of 62: 256 bits.
  for (const token of tokens) expect(token).toMatch(/^[0-9A-Za-z]{43}$/);
  expect(new Set(tokens).size).toBe(4);
  for (const table of Object.values(app.db.tables)) {
    const kept = JSON.stringify(await app.db.read.select().from(table));
    for (const token of tokens) expect(kept).not.toContain(token);
  }
  // The control: the tables were read, and hold a hash for each.
  const rows = await app.db.read.select().from(app.db.tables.proofs);
  expect(rows.filter(({ hash }) => /^[0-9a-f]{64}$/.test(hash ?? ""))).toHaveLength(4);
});
