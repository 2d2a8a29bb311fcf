import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Type as t } from "@sinclair/typebox";
import type { App } from "../../src/app.ts";
import { openApp } from "../../src/commands/open.ts";
import { systemClock } from "../../src/lib/clock.ts";
import { silentLog } from "../../src/lib/log.ts";
import { type Context, systemActor } from "../../src/platform/context.ts";
import { change, defineEvent } from "../../src/platform/events.ts";
import { localOperator } from "../../src/platform/local-door.ts";
import type { MailType } from "../../src/platform/mail/letter.ts";
import { queueMail } from "../../src/platform/mail/queue.ts";
import { testConfig } from "../support/app.ts";

/** Everything that opens something, as this installation knows it; each must be nowhere in the data folder. */
const secrets = new Map<string, string>();
const folder = join(mkdtempSync(join(tmpdir(), "waypost-at-rest-")), "data");
let app: App;

const SMTP_PASSWORD = "smtp-pa55word-of-the-operator";
const SETUP_KEY = `setup-key-${"k".repeat(40)}`;
const PASSWORD = "correct horse battery staple";

async function operate(method: string, path: string, body?: unknown, headers: Record<string, string> = {}) {
  const request = new Request(`http://links.test/api/v1${path}`, {
    method,
    headers: { ...(body === undefined ? {} : { "content-type": "application/json" }), ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const answer = await app.api.fetchAs(request, localOperator(request));
  const { data } = (await answer.json()) as { data: Record<string, string> };
  expect(answer.status).toBeLessThan(300);
  return data;
}

async function fromOutside(path: string, body?: unknown, bearer?: string) {
  const request = new Request(`http://links.test/api/v1${path}`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }),
    },
    body: JSON.stringify(body ?? {}),
  });
  const answer = await app.api.fetch(request, "192.0.2.1");
  const { data } = (await answer.json()) as { data: Record<string, string> };
  expect(answer.status).toBeLessThan(300);
  return data;
}

/** What a person holds from then on: the tokens of their session, the seed of their app, a token of their own. */
async function signIn(): Promise<void> {
  const tokens = await fromOutside("/auth/signin", { email: "ada@example.org", password: PASSWORD });
  for (const name of ["accessToken", "refreshToken", "deviceToken"])
    secrets.set(`${name} of a session`, tokens[name]!);
  const { secret } = await fromOutside("/auth/totp/enrol", undefined, tokens["accessToken"]!);
  secrets.set("the seed of an app", secret!);
  const made = await fromOutside("/user/tokens", { name: "mine" }, tokens["accessToken"]!);
  secrets.set("a personal token", made["secret"]!);
}

const code: MailType<{ code: string }> = {
  name: "tests.code",
  topic: null,
  write: (props) => ({
    subject: "Your code",
    preview: "",
    parts: [{ kind: "code", code: props.code }],
    reason: "You asked for a code.",
  }),
};

const noted = defineEvent("test.noted", t.Object({ sealed: t.String(), control: t.String() }));
const context = (): Context => ({
  ...app.ports,
  actor: systemActor(null, []),
  origin: { requestId: null, network: null, userAgent: null },
  at: app.ports.clock.now(),
  target: "",
  idempotencyKey: null,
});

beforeAll(async () => {
  const config = testConfig({
    WAYPOST_DATA_DIR: folder,
    WAYPOST_ALLOW_EPHEMERAL: "true",
    WAYPOST_SETUP_KEY: SETUP_KEY,
    // Nobody listens there: mail stays in the outbox, on its way.
    WAYPOST_SMTP_URL: `smtp://waypost:${SMTP_PASSWORD}@127.0.0.1:9`,
  });
  app = await openApp({ config, clock: systemClock, log: silentLog });
  await app.serve();
  secrets.set("the operator's mail password", SMTP_PASSWORD).set("the setup key", SETUP_KEY);
  const [workspace] = (await operate("GET", "/installation/workspaces")) as unknown as { id: string }[];
  const inWorkspace = { "x-workspace-id": workspace!.id };
  const once = { "idempotency-key": "once" };
  const key = await operate("POST", "/keys", { name: "CI" }, { ...inWorkspace, ...once });
  secrets.set("an API key, made with an Idempotency-Key", key["secret"]!);
  const operator = await operate("POST", "/installation/keys", { name: "ops" }, once);
  secrets.set("an operator's key", operator["secret"]!);
  await operate("POST", "/users", { email: "ada@example.org", password: PASSWORD });
  secrets.set("a password", PASSWORD);
  await signIn();
  const ctx = context();
  const reader = { email: "ada@example.org", name: null, locale: "en", timeZone: "UTC" };
  await change(ctx, (tx) => queueMail(tx, ctx, code, reader, { code: "7395-0182-6647" }));
  secrets.set("a code in a mail", "7395-0182-6647");
  const sealed = ctx.seal.seal("JBSWY3DPEHPK3PXP", "totp usr_1");
  // A seed as identity keeps them: a sealed text in a row of the database.
  await change(ctx, async (tx) => tx.record(noted, "usr_1", { sealed, control: "control-in-the-clear" }));
  secrets.set("a seed of one-time codes", "JBSWY3DPEHPK3PXP");
}, 30_000);
afterAll(async () => {
  await app.stop();
  rmSync(folder, { recursive: true });
});

const files = (): string[] =>
  (readdirSync(folder, { recursive: true }) as string[])
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile());

/** A text may stand there as it is, or as base64 or hex at any of the three places it can begin at. */
function spellings(text: string): string[] {
  const inBase64 = [0, 1, 2].flatMap((skipped) => {
    const whole = Buffer.concat([Buffer.alloc(skipped), Buffer.from(text)]).toString("base64");
    // Without the ends, which hang on what stands beside.
    const middle = whole.slice(skipped === 0 ? 0 : 4, whole.length - 4);
    return [middle, middle.replaceAll("+", "-").replaceAll("/", "_")];
  });
  return [text, Buffer.from(text).toString("hex"), ...inBase64, encodeURIComponent(text)];
}

const findings = (text: string): string[] => {
  const wanted = spellings(text).map((one) => Buffer.from(one));
  return files().filter((path) => {
    const bytes = readFileSync(path);
    return wanted.some((one) => bytes.includes(one));
  });
};

test("no secret stands in the data folder in any spelling, the log of the database included", async () => {
  expect(secrets.size).toBeGreaterThanOrEqual(12);
  const found = [...secrets].flatMap(([what, text]) => findings(text).map((path) => `${what}: ${path}`));
  expect(found).toEqual([]);
  // What is not sealed is found by the same search, in the same files.
  expect(findings("control-in-the-clear").join()).toContain("waypost.db");
  const { sealing, ...ring } = JSON.parse(readFileSync(join(folder, "keys.json"), "utf8"));
  expect(findings(sealing[0].secret)).toEqual([join(folder, "keys.json")]);
  expect(findings(ring.audit)).toEqual([join(folder, "keys.json")]);
});

test("nobody else on this machine reads the folder or anything in it", () => {
  expect(statSync(folder).mode & 0o777).toBe(0o700);
  expect(files().length).toBeGreaterThan(3);
  const open = files().filter((path) => (statSync(path).mode & 0o077) !== 0);
  expect(open).toEqual([]);
});
