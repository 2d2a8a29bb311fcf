import { Database } from "bun:sqlite";
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import type { Browser } from "playwright-core";
import { chromiumPath, openChromium } from "../browser/chromium.ts";
import { type Api, readApi } from "../support/operations.ts";
import { PASSWORD, signedInAs, type TestPerson } from "../support/people.ts";
import { type Place, type Trier, thingsOf, tryOwn, tryRoles } from "./story-matrix.ts";
import {
  acceptAnew,
  databaseFile,
  good,
  invite,
  inviteToken,
  openStory,
  runNow,
  type Story,
  signUp,
} from "./story-world.ts";

/**
 * The whole story of a team, in this order: an empty folder, a setup code, people who come by mail, what each of them
 * may, how they sign in, what their programs may, what strangers see, and what is on record of it in the end.
 */
setDefaultTimeout(60_000);

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
    await story.kill();

    people.admin = await acceptAnew(story, "adam@example.org");
    people.viewer = await acceptAnew(story, "vic@example.org");
    people.custom = await acceptAnew(story, "cass@example.org");
    for (const them of [ada, people.owner, people.editor])
      expect((await them.call("GET", "/auth/session")).body.data.session.id).toBe(them.sessionId);
    const refreshed = await good(
      story.call("POST", "/auth/refresh-token", { key: null, body: { refreshToken: ada.refreshToken } }),
    );
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

describe("what each may", () => {
  let triers: Trier[];
  beforeAll(async () => {
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
void Database;
void databaseFile;
void runNow;
void chromiumPath;
void openChromium;

export type { Browser };
