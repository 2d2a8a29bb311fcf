import { Database } from "bun:sqlite";
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { type TOTP, URI } from "otpauth";
import { CALL, MAKE_PASSKEY, SESSION, withAuthenticator } from "../browser/authenticator.ts";
import { chromiumPath, openChromium } from "../browser/chromium.ts";
import { type Api, plainMakers, readApi } from "../support/operations.ts";
import { PASSWORD, signedInAs, type TestPerson } from "../support/people.ts";
import { until } from "../support/until.ts";
import { type Place, type Trier, thingsOf, tryOwn, tryRoles } from "./story-matrix.ts";
import { changed, isQuiet, type Stranger, stateOf, tryIds } from "./story-strangers.ts";
import {
  acceptAnew,
  callOff,
  databaseFile,
  good,
  invite,
  inviteToken,
  type Overlap,
  openStory,
  runNow,
  type Story,
  signUp,
  useTheOneBefore,
  visit,
} from "./story-world.ts";

/**
 * The whole story of a team, in this order: an empty folder, a setup code, people who come by mail, what each of them
 * may, how they sign in, what their programs may, what strangers see, and what is on record of it in the end.
 */
setDefaultTimeout(120_000);

let story: Story;
let api: Api;
/** Who has set it up: the operator, and the owner of what was there first. */
let ada: TestPerson;
const acme: { -readonly [Name in keyof Place]: Place[Name] } = { workspaceId: "", key: "", owner: null! };
const people = {} as Record<"owner" | "admin" | "editor" | "viewer" | "custom", TestPerson>;
let customRole: string;

beforeAll(async () => {
  story = await openStory();
});
afterAll(() => story.close());

const refresh = (refreshToken: string) =>
  story.call("POST", "/auth/refresh-token", { key: null, body: { refreshToken } });
const inAcme = () => ({ "x-workspace-id": acme.workspaceId });

describe("the first day", () => {
  test("the code that was printed makes the first account, and its password opens it", async () => {
    const body = { code: story.code(), email: "ada@example.org", password: PASSWORD, workspaceName: "Home" };
    const response = await fetch(`${story.url}/api/v1/setup`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    expect(response.status).toBe(201);
    ada = await signedInAs(story, "ada@example.org");
    story.keys.operator = ada.accessToken;
    api = await readApi(story);
  });

  test("a workspace is made, with a key of its owner", async () => {
    acme.workspaceId = (await good(ada.call("POST", "/workspaces", { name: "Acme" }))).data.id;
    const { data } = await good(ada.call("POST", "/keys", { name: "server", role: "owner" }, inAcme()));
    acme.key = story.keys.owner = data.secret;
    acme.owner = ada;
  });

  test("who is invited comes by the letter: somebody new, and somebody with an account", async () => {
    const { workspaceId } = acme;
    const key = ada.accessToken;
    await invite(story, { workspaceId, key, role: "owner" }, "olive@example.org");
    people.owner = await acceptAnew(story, "olive@example.org");

    people.editor = await signUp(story, "ed@example.org");
    await invite(story, { workspaceId, key, role: "editor" }, "ed@example.org");
    const token = await inviteToken(story, "ed@example.org");
    const look = await good(story.call("POST", "/invites/look", { key: null, body: { token } }));
    expect(look.data).toMatchObject({ workspaceName: "Acme", role: "editor", hasAccount: true });
    // Who has not signed in with that account gets in by no letter.
    const stolen = await story.call("POST", "/invites/accept", { key: ada.accessToken, body: { token } });
    expect(stolen.status).toBe(403);
    await good(people.editor.call("POST", "/invites/accept", { token }));
    expect((await people.editor.call("POST", "/invites/accept", { token })).status).toBe(410);
  });

  test("killed without a word behind the invitations, it goes on: letters, sessions, keys", async () => {
    const { workspaceId } = acme;
    const permissions = ["links:read", "links:delete", "members:create", "members:read", "audit:read"];
    const made = await good(
      people.owner.call("POST", `/workspaces/${workspaceId}/roles`, { name: "Support", permissions }),
    );
    customRole = made.data.id;
    for (const [email, role] of [
      ["adam@example.org", "admin"],
      ["vic@example.org", "viewer"],
      ["cass@example.org", customRole],
    ] as const)
      await invite(story, { workspaceId, key: people.owner.accessToken, role }, email);
    // Whoever holds a token of before the end is no less a thief for it.
    const { refreshToken, email } = await signedInAs(story, people.editor.email);
    const next = (await good(refresh(refreshToken))).data.refreshToken;
    await story.kill();
    const last = (await good(refresh(next))).data;
    expect((await refresh(refreshToken)).status).toBe(401);
    expect((await refresh(last.refreshToken)).status).toBe(401);
    await story.letter(email, /^Subject: A session was ended/m);

    people.admin = await acceptAnew(story, "adam@example.org");
    people.viewer = await acceptAnew(story, "vic@example.org");
    people.custom = await acceptAnew(story, "cass@example.org");
    for (const them of [ada, people.owner, people.editor])
      expect((await them.call("GET", "/auth/session")).body.data.session.id).toBe(them.sessionId);
    const refreshed = await good(refresh(ada.refreshToken));
    ada.accessToken = story.keys.operator = refreshed.data.accessToken;
    ada.refreshToken = refreshed.data.refreshToken;
    const { data } = await good(story.call("GET", `/workspaces/${workspaceId}/members`));
    expect(data.map((one: { email: string; role: string }) => [one.email, one.role]).sort()).toEqual([
      ["ada@example.org", "owner"],
      ["adam@example.org", "admin"],
      ["cass@example.org", customRole],
      ["ed@example.org", "editor"],
      ["olive@example.org", "owner"],
      ["vic@example.org", "viewer"],
    ]);
  });
});

const rival: { -readonly [Name in keyof Place]: Place[Name] } = { workspaceId: "", key: "", owner: null! };

let overlap: Promise<Overlap>;

describe("what each may", () => {
  let triers: Trier[];
  beforeAll(async () => {
    // It takes ten seconds, and meanwhile there is more to do.
    overlap = useTheOneBefore(story, await signedInAs(story, "ada@example.org"));
    const zoe = await signUp(story, "zoe@example.org");
    rival.owner = zoe;
    rival.workspaceId = (await good(zoe.call("POST", "/workspaces", { name: "Rival" }))).data.id;
    const inRival = { "x-workspace-id": rival.workspaceId };
    rival.key = (await good(zoe.call("POST", "/keys", { name: "k", role: "owner" }, inRival))).data.secret;
    await invite(story, rival, "somebody@example.org");
    const { data: roles } = await good(story.call("GET", `/workspaces/${acme.workspaceId}/roles`));
    const granted = (id: string): Set<string> =>
      new Set(roles.find((one: { id: string }) => one.id === id).permissions);
    triers = [
      ...Object.entries(people).map(([name, them]) => ({
        name,
        them,
        granted: granted(name === "custom" ? customRole : name),
      })),
      { name: "somebody with an account", them: await signUp(story, "eve@example.org"), granted: null },
      { name: "nobody", them: null, granted: null },
    ];
  });

  test("every role tries everything, and what it may not is refused: nothing else, and nothing less", async () => {
    const trial = { triers, ours: acme, theirs: rival, successor: people.viewer.id };
    const { wrong, cells, unexpected } = await tryRoles(story, api, trial);
    expect(wrong).toEqual([]);
    expect(unexpected).toBe(0);
    expect(cells).toBeGreaterThan(1000);
  });

  test("the control: whoever may less than their role says, or more, is found", async () => {
    const few = { ...api, operations: api.operations.filter(({ id }) => /^(get|create)Link$/.test(id)) };
    const trial = (granted: string[]) => ({
      triers: [{ name: "viewer", them: people.viewer, granted: new Set(granted) }],
      ...{ ours: acme, theirs: rival, successor: "" },
    });
    expect((await tryRoles(story, few, trial(["links:read"]))).wrong).toEqual([]);
    expect((await tryRoles(story, few, trial(["links:read", "links:create"]))).wrong).toEqual([
      "POST /links by viewer, none: 403 This needs the permission links:create., not done",
    ]);
    expect(await tryRoles(story, few, trial([]))).toMatchObject({ unexpected: 1, wrong: { length: 3 } });
  });

  test("what is their own everybody does, whatever their role", async () => {
    const members = triers.slice(0, 5);
    const strangers = thingsOf(story, acme, rival.owner);
    const tried = await Promise.all(
      members.map((trier) => {
        const role = trier.name === "custom" ? customRole : trier.name;
        return tryOwn(story, api, trier, { role, place: acme, strangers });
      }),
    );
    expect(tried.flatMap(({ wrong }) => wrong)).toEqual([]);
  });
});

describe("how they sign in", () => {
  const open = (path: string, body: object) => story.call("POST", path, { key: null, body });

  test("by a code that was mailed, once, and with the challenge of who asked for it", async () => {
    const email = "ed@example.org";
    const asked = await good(open("/auth/otp/request", { email }));
    const code = await story.letter(email, /^Subject: Your sign-in code[\s\S]*?\b(\d{4}) (\d{4})\b/m);
    const { challenge } = asked.data;
    const other = (await good(open("/auth/otp/request", { email: "nobody@example.org" }))).data.challenge;
    expect((await open("/auth/otp/verify", { challenge: other, code })).status).toBe(401);
    const wrong = code.replace(/./, (digit) => String((Number(digit) + 1) % 10));
    expect((await open("/auth/otp/verify", { challenge, code: wrong })).status).toBe(401);
    const { data } = await good(open("/auth/otp/verify", { challenge, code }));
    expect(data).toMatchObject({ user: { id: people.editor.id }, session: { method: "code" } });
    expect((await open("/auth/otp/verify", { challenge, code })).status).toBe(401);
  });

  test("with a second factor: an app's code is good once, a recovery code too, a password alone opens nothing", async () => {
    const { email } = people.viewer;
    const { secret, uri } = (await good(people.viewer.call("POST", "/auth/totp/enrol"))).data;
    const totp = URI.parse(uri) as TOTP;
    expect(totp.secret.base32).toBe(secret);
    const enabled = await good(people.viewer.call("POST", "/auth/totp/enable", { code: totp.generate() }));
    const { recoveryCodes } = enabled.data;
    const halfway = async (): Promise<string> => {
      const { data } = await good(open("/auth/signin", { email, password: PASSWORD }));
      expect([data.accessToken, data.refreshToken, data.session]).toEqual([null, null, null]);
      return data.secondFactor.challenge;
    };
    const [first, second] = [await halfway(), await halfway()];
    // The step that switched it on is spent; a phone that goes half a minute ahead shows the next one.
    const code = totp.generate({ timestamp: Date.now() + 30_000 });
    const { data } = await good(open("/auth/totp/verify", { challenge: first, code }));
    expect(data.user.id).toBe(people.viewer.id);
    expect((await open("/auth/totp/verify", { challenge: second, code })).status).toBe(401);
    await good(open("/auth/totp/verify", { challenge: second, recoveryCode: recoveryCodes[0] }));
    const third = await halfway();
    const again = await open("/auth/totp/verify", { challenge: third, recoveryCode: recoveryCodes[0] });
    expect(again.status).toBe(401);
  });

  test.skipIf(chromiumPath === null)("by a passkey, in a browser", async () => {
    const browser = await openChromium();
    try {
      const page = await browser.newPage();
      await withAuthenticator(page);
      await page.goto(`${story.url}/admin`);
      const { email, id } = people.owner;
      expect(await page.evaluate<number>(SIGN_IN({ email, password: PASSWORD, session: "cookie" }))).toBe(
        200,
      );
      const made = await page.evaluate<{ status: number }>(MAKE_PASSKEY);
      expect(made).toMatchObject({ status: 200, data: { name: "Virtual" } });
      const cookies = await page.context().cookies();
      expect(cookies.length).toBe(2);
      for (const cookie of cookies) expect(cookie).toMatchObject({ httpOnly: true, sameSite: "Strict" });
      const stored = await page.evaluate<string>("JSON.stringify({ ...sessionStorage, ...localStorage })");
      for (const secret of [PASSWORD, ...cookies.map(({ value }) => value)])
        expect(stored).not.toContain(secret);
      expect(await page.evaluate<number>(SIGN_OUT)).toBe(200);
      expect(await page.evaluate<number>(WHO)).toBe(401);
      expect(await page.evaluate<number>(USE_PASSKEY)).toBe(200);
      expect(await page.evaluate<{ data: object }>(SESSION)).toMatchObject({
        data: { user: { id }, session: { method: "passkey", kind: "cookie" } },
      });
    } finally {
      await browser.close();
    }
  });
});

describe("refreshing", () => {
  const lives = async (accessToken: string) =>
    (await story.call("GET", "/auth/session", { key: accessToken })).status === 200;

  test("honest clients that refresh at once all come through", async () => {
    const { refreshToken } = await signedInAs(story, "ed@example.org");
    const answers = await Promise.all(Array.from({ length: 10 }, () => refresh(refreshToken)));
    expect(answers.map(({ status }) => status)).toEqual(Array<number>(10).fill(200));
    for (const { body } of answers) expect(await lives(body.data.accessToken)).toBe(true);
  });

  test("a token that was replaced twice ends the whole family, and its owner is told", async () => {
    const them = await signedInAs(story, "ed@example.org");
    const second = (await good(refresh(them.refreshToken))).data;
    const third = (await good(refresh(second.refreshToken))).data;
    expect((await refresh(them.refreshToken)).status).toBe(401);
    expect((await refresh(third.refreshToken)).status).toBe(401);
    for (const { accessToken } of [them, second, third]) expect(await lives(accessToken)).toBe(false);
    await story.letter("ed@example.org", /^Subject: A session was ended/m);
  });

  test("the one before is good for ten seconds more, not longer, and then ends the family", async () => {
    const { asked, family } = await overlap;
    // By the clock of who asks: what was answered within ten seconds was asked within them, and the other way round.
    for (const { status, sent, answered } of asked) {
      if (answered - family.sent < 10_000) expect(status).toBe(200);
      if (sent - family.answered > 10_000) expect(status).toBe(401);
    }
    expect(asked.filter(({ status }) => status === 200).length).toBeGreaterThan(1);
    expect(asked.at(-1)!.status).toBe(401);
    expect((await refresh(family.next)).status).toBe(401);
    expect(await lives(family.accessToken)).toBe(false);
  });
});

describe("who owns it", () => {
  const inside = (path: string) => `/workspaces/${acme.workspaceId}${path}`;

  test("it changes hands when that is accepted, and not before", async () => {
    const roleOf = async ({ id }: TestPerson) =>
      (await good(ada.call("GET", inside(`/members/${id}`)))).data.role;
    await good(ada.call("POST", inside("/transfer"), { userId: people.admin.id }));
    expect([await roleOf(ada), await roleOf(people.admin)]).toEqual(["owner", "admin"]);
    await story.letter(people.admin.email, /^Subject: Will you own Acme\?/m);
    expect((await people.viewer.call("POST", inside("/transfer/accept"))).status).toBe(404);
    await good(people.admin.call("POST", inside("/transfer/accept")));
    expect([await roleOf(ada), await roleOf(people.admin)]).toEqual(["admin", "owner"]);
    acme.owner = people.admin;
    const made = await good(acme.owner.call("POST", "/keys", { name: "server 2", role: "owner" }, inAcme()));
    acme.key = story.keys.owner = made.data.secret;
  });

  test("who leaves is out with the next call; the last owner can neither leave nor be demoted or removed", async () => {
    await good(people.owner.call("POST", inside("/leave")));
    expect((await people.owner.call("GET", inside(""))).status).toBe(404);
    expect((await acme.owner.call("POST", inside("/leave"))).status).toBe(409);
    const self = inside(`/members/${acme.owner.id}`);
    expect((await acme.owner.call("PATCH", self, { role: "admin" })).status).toBe(409);
    expect((await acme.owner.call("DELETE", self)).status).toBe(409);
  });
});

describe("programs", () => {
  const newKey = async (body: object) =>
    (await good(acme.owner.call("POST", "/keys", { name: "k", ...body }, inAcme()))).data;
  const count = (headers: Record<string, string>, method = "GET") =>
    story.call(method, "/links/count", { key: null, headers });
  const status = async (headers: Record<string, string>) => (await count(headers)).status;

  test("a secret key is taken as bearer, as X-API-Key, and as id and secret", async () => {
    const { id, secret } = await newKey({ role: "viewer" });
    expect(await status({ authorization: `Bearer ${secret}` })).toBe(200);
    expect(await status({ "x-api-key": secret })).toBe(200);
    expect(await status({ "x-api-token-id": id, "x-api-token-secret": secret })).toBe(200);
    expect(await status({ "x-api-token-id": id, "x-api-token-secret": acme.key })).toBe(401);
    await good(acme.owner.call("DELETE", `/keys/${id}`, undefined, inAcme()));
    expect(await status({ "x-api-key": secret })).toBe(401);
  });

  test("an extension's credential works under both families of names, with its own app id", async () => {
    const registered = await good(
      story.call("POST", "/extensions", { body: { name: "E", appId: "abcdef" } }),
    );
    const { id, secret } = await newKey({ kind: "extension", extension: registered.data.id, role: "viewer" });
    for (const family of ["x-waypost", "x-inhouse"]) {
      const by = (app: string) => ({
        [`${family}-token-id`]: id,
        [`${family}-token-secret`]: secret,
        [`${family}-app`]: app,
      });
      expect(await status(by("abcdef"))).toBe(200);
      expect(await status(by("another"))).toBe(403);
    }
    expect(await status({ "x-api-key": secret })).toBe(401);
  });

  test("a publishable key is shown by the pages it was given to, and tracks alone", async () => {
    const { secret } = await newKey({ kind: "publishable", origins: ["https://shop.example.com"] });
    const from = async (origin: string) => (await count({ "x-api-key": secret, origin })).body.message;
    expect(await from("https://shop.example.com")).toBe("This needs the permission links:read.");
    expect(await from("https://evil.example")).toBe(
      "This publishable key may not be used by pages of this origin.",
    );
  });

  test("a personal token acts as its person, in the workspace that X-Workspace-Id names, within its scopes", async () => {
    const asked = { name: "laptop", permissions: ["links:read"] };
    const { secret } = (await good(people.editor.call("POST", "/user/tokens", asked))).data;
    const bearer = { authorization: `Bearer ${secret}` };
    expect(await status({ ...bearer, ...inAcme() })).toBe(200);
    expect(await status(bearer)).toBe(403);
    expect(await status({ ...bearer, "x-workspace-id": rival.workspaceId })).toBe(404);
    const body = { destinationUrl: "https://example.com/" };
    const made = await story.call("POST", "/links", { key: secret, headers: inAcme(), body });
    expect([made.status, made.body.message]).toEqual([403, "This needs the permission links:create."]);
  });

  test("a key and a person on one call: both must be allowed, and both are on record", async () => {
    const strong = await newKey({ role: "owner" });
    const weak = await newKey({ role: "viewer" });
    const body = { destinationUrl: "https://example.com/" };
    const both = (them: TestPerson, key: { secret: string }) =>
      them.call("POST", "/links", body, { "x-api-key": key.secret });
    expect((await both(people.viewer, strong)).status).toBe(403);
    expect((await both(people.editor, weak)).status).toBe(403);
    expect((await both(rival.owner, strong)).status).toBe(404);
    const made = await both(people.editor, strong);
    expect(made.status).toBe(201);
    const { data } = await good(story.call("GET", `/audit?subject=${made.body.data.id}`));
    expect(data).toMatchObject([
      { type: "link.created", actor: { kind: "user", id: people.editor.id }, keyId: strong.id },
    ]);
  });

  test("a test key does nothing to what is live, nor the other way round, and is told which key it is", async () => {
    const test = (await newKey({ environment: "test", role: "owner" })).secret;
    expect(test).toStartWith("way_sk_test_");
    const keys = { live: acme.key, test };
    const link = async (key: string) =>
      (await good(story.call("POST", "/links", { key, body: { destinationUrl: "https://example.com/" } })))
        .data;
    const links = { live: await link(keys.live), test: await link(keys.test) };
    for (const [here, there] of [
      ["live", "test"],
      ["test", "live"],
    ] as const) {
      const said = `This is a ${here} key, and this link belongs to the ${there} side: use a ${there} key.`;
      for (const [method, path, body] of [
        ["GET", ""],
        ["PATCH", "", { title: "taken" }],
        ["DELETE", ""],
        ["POST", "/archive"],
      ] as const) {
        const at = `/links/${links[there].id}${path}`;
        const answer = await story.call(method, at, { key: keys[here], ...(body && { body }) });
        expect([method, at, answer.status, answer.body.message]).toEqual([method, at, 403, said]);
      }
      expect((await good(story.call("GET", `/links/${links[there].id}`, { key: keys[there] }))).data).toEqual(
        links[there],
      );
    }
    await visit(story, links.test.shortUrl);
    const counted = async (key: string) =>
      (await good(story.call("GET", "/analytics/overview", { key }))).data.clicks;
    const ofLink = async () =>
      (await good(story.call("GET", `/links/${links.test.id}`, { key: keys.test }))).data.clicks;
    await until(async () => (await counted(keys.test)) === 1 && (await ofLink()) === 1);
    expect(await counted(keys.live)).toBe(0);
  });
});

describe("another workspace", () => {
  test("learns nothing by any id and changes nothing: each is answered like one that was made up", async () => {
    const at = { key: acme.key };
    const first = async (path: string) => (await good(story.call("GET", path, at))).data[0].id;
    const link = await good(
      story.call("POST", "/links", { body: { destinationUrl: "https://example.com/" } }),
    );
    const token = await good(acme.owner.call("POST", "/user/tokens", { name: "t" }));
    await invite(story, { ...acme }, "waiting@example.org");
    await inviteToken(story, "waiting@example.org");
    await callOff(story);
    const { testId } = (await good(story.call("GET", "/workspace"))).data;
    const ids = [
      ...[link.data.id, token.data.id, acme.workspaceId, testId, customRole],
      ...[acme.owner.id, people.viewer.id, acme.owner.sessionId, people.editor.sessionId],
      ...(await Promise.all([
        plainMakers.domain(story, acme.key, { id: "", permission: null }),
        ...["/keys", "/extensions", "/mail", "/jobs", "/audit"].map((path) => first(`${path}?limit=1`)),
        first(`/workspaces/${acme.workspaceId}/invites?limit=1`),
      ])),
    ];
    expect(new Set(ids).size).toBe(16);

    const inRival = { "x-workspace-id": rival.workspaceId };
    const made = { name: "t", role: "owner", environment: "test" };
    const test = (await good(rival.owner.call("POST", "/keys", made, inRival))).data.secret;
    const sides = [rival.workspaceId, (await good(story.call("GET", "/workspace", { key: test }))).data.id];
    const byKey = (name: string, key: string, workspaceId = rival.workspaceId): Stranger => ({
      name,
      isPerson: false,
      isOnTestSide: false,
      workspaceId,
      call: (method, path, body) =>
        story.call(method, path, { key, ...(body === undefined ? {} : { body }) }),
    });
    const strangers: Stranger[] = [
      {
        ...byKey("its owner", ""),
        isPerson: true,
        call: (method, path, body) => rival.owner.call(method, path, body, inRival),
      },
      byKey("its owner's key", rival.key),
      { ...byKey("its test key", test, sides[1]), isOnTestSide: true },
    ];
    await until(() => isQuiet(story));
    const before = await stateOf(story, acme, sides);
    let asked = 0;
    for (const stranger of strangers) {
      const tried = await tryIds(api, stranger, { ids, workspaceId: acme.workspaceId });
      expect(tried.wrong).toEqual([]);
      asked += tried.asked;
    }
    expect(asked).toBeGreaterThan(3000);
    await until(() => isQuiet(story));
    expect(changed(before, await stateOf(story, acme, sides))).toEqual([]);
    // The controls: whoever finds one of them is told of, and what its own owner does is seen, by the API and in the file.
    const self = { ...strangers[0]!, call: (method: string, path: string) => story.call(method, path) };
    const getLink = { ...api, operations: api.operations.filter((one) => one.id === "getLink") };
    expect((await tryIds(getLink, self, { ids, workspaceId: acme.workspaceId })).wrong).toHaveLength(1);
    await good(story.call("PATCH", `/links/${link.data.id}`, { body: { title: "otherwise" } }));
    expect(changed(before, await stateOf(story, acme, sides))).toEqual(
      expect.arrayContaining(["/links?limit=100&archived=any", "links", "events"]),
    );
  });
});

describe("what is on record", () => {
  test("it is filtered by who, what and when, and taken away as a table and as lines", async () => {
    const { data } = await good(story.call("GET", "/audit?type=member.*&limit=100"));
    expect(new Set(data.map(({ type }: { type: string }) => type.split(".")[0]))).toEqual(
      new Set(["member"]),
    );
    const byEd = await good(story.call("GET", `/audit?actor=${people.editor.id}&type=link.created`));
    expect(byEd.data.length).toBeGreaterThan(0);
    const since = `from=${encodeURIComponent(data.at(-1).createdAt)}`;
    const lines = (await story.call("GET", `/audit/export?format=jsonl&type=member.*&${since}`)).text;
    const events = lines
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(events.map(({ id }) => id)).toEqual(data.map(({ id }: { id: string }) => id).toReversed());
    const table = await story.call("GET", `/audit/export?format=csv&type=member.*&${since}`);
    expect(table.headers.get("content-type")).toStartWith("text/csv");
    expect(table.text.trim().split("\n").length).toBe(events.length + 1);
    for (const secret of [acme.key, rival.key, ada.refreshToken, PASSWORD])
      expect((await story.call("GET", "/audit/export?format=jsonl")).text).not.toContain(secret);
    // Another workspace sees its own.
    const theirs = await good(story.call("GET", "/audit?limit=100", { key: rival.key }));
    expect(
      theirs.data.filter((one: { workspaceId: string }) => one.workspaceId !== rival.workspaceId),
    ).toEqual([]);
  });

  test("it is verified; one row that was altered in the file is found, and nothing else; put back, it holds", async () => {
    await runNow(story, "audit.seal");
    const verified = await story.waypost("audit", "verify");
    expect(verified).toMatchObject({ code: 0 });
    expect(verified.out).toMatch(/^\d+ events in \d+ seals? are as they were sealed\./m);
    const joined = await good(story.call("GET", `/audit?type=member.created&subject=${people.viewer.id}`));
    const [{ id }] = joined.data;
    await story.stop();

    const { role } = alter(story, id, ({ data }) => ({ data: data.replace('"viewer"', '"owner"') }));
    expect(role).toBe("viewer");
    const found = await story.waypost("audit", "verify", "--json");
    expect(found.code).toBe(1);
    expect(JSON.parse(found.out).findings).toMatchObject([{ kind: "altered", eventId: id }]);
    alter(story, id, ({ data }) => ({ data: data.replace('"owner"', '"viewer"') }));
    expect(await story.waypost("audit", "verify")).toMatchObject({ code: 0 });
  });
});

/** Rewrites a row of the audit log in the file, as somebody does who has it. Answers what it told. */
function alter(at: Story, id: string, how: (row: { data: string }) => { data: string }): { role: string } {
  const file = new Database(databaseFile(at));
  const row = file.query<{ data: string }, [string]>("select data from events where id = ?").get(id)!;
  file.query("update events set data = ? where id = ?").run(how(row).data, id);
  file.close();
  return JSON.parse(row.data);
}

const SIGN_IN = (body: object) => `(async () => (await fetch("/api/v1/auth/signin", {
  method: "POST",
  headers: { "content-type": "application/json" },
  body: ${JSON.stringify(JSON.stringify(body))},
})).status)()`;
const WHO = `(async () => (await fetch("/api/v1/auth/session")).status)()`;
const SIGN_OUT = `(async () => { ${CALL} return (await call("POST", "/auth/signout")).status; })()`;
const USE_PASSKEY = `(async () => {
  const post = (path, body) => fetch("/api/v1/auth/passkeys/signin" + path, {
    method: "POST",
    headers: { "content-type": "application/json" },
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
  const { data } = await (await post("/options")).json();
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(data);
  const credential = await navigator.credentials.get({ publicKey });
  return (await post("", { credential: credential.toJSON(), session: "cookie" })).status;
})()`;
