import { Database } from "bun:sqlite";
import { afterAll, afterEach, expect, spyOn, test } from "bun:test";
import { eq } from "drizzle-orm";
import type { Id } from "../../../src/lib/ids.ts";
import { change } from "../../../src/platform/events.ts";
import type { MailType, Reader } from "../../../src/platform/mail/letter.ts";
import { queueMail } from "../../../src/platform/mail/queue.ts";
import { openTransport } from "../../../src/platform/mail/transport.ts";
import { keepOutbox } from "../../../src/platform/mail/upkeep.ts";
import { contextOf, type TestApp, testApp } from "../../support/app.ts";
import { makeAuthority } from "../../support/certificates.ts";
import { type SmtpSink, type SmtpSinkOptions, smtpSink } from "../../support/smtp.ts";
import { freshSqlite } from "../../support/sqlite.ts";

const authority = makeAuthority("Mail test");
const certificate = authority.issue("DNS:localhost", { rsa: true });
const sinks: SmtpSink[] = [];
let app: TestApp;
afterEach(() => app.close());
afterAll(async () => {
  for (const sink of sinks) await sink.close();
});

/** An app whose mail goes to a real server. */
async function appWith(options: SmtpSinkOptions = {}, env: Record<string, string> = {}): Promise<SmtpSink> {
  const sink = await smtpSink({ certificate, ...options });
  sinks.push(sink);
  app = await testApp({
    env: {
      WAYPOST_SMTP_URL: `smtp://localhost:${sink.port}`,
      WAYPOST_MAIL_FROM: "links@example.com",
      ...env,
    },
    mail: (config) => openTransport({ config, baseUrl: () => null, ca: authority.cert }),
  });
  return sink;
}

const code: MailType<{ code: string }> = {
  name: "tests.code",
  topic: null,
  write: (props) => ({
    subject: "Your code",
    preview: "It is good for ten minutes.",
    parts: [{ kind: "code", code: props.code }],
    reason: "You asked for a code.",
  }),
};
const digest: MailType<null> = {
  name: "tests.digest",
  topic: { name: "digest", title: { en: "weekly summaries", de: "Wochenberichte" } },
  write: () => ({
    subject: "Your week",
    preview: "",
    parts: [{ kind: "text", text: "Seven days." }],
    reason: "You chose it.",
  }),
};
const reader: Reader = { email: "Ada@Example.org", name: "Ada", locale: "en", timeZone: "UTC" };

const context = (workspaceId: Id<"ws"> | null = null) => contextOf(app, workspaceId);
const queueCode = (minutes = 10, workspaceId: Id<"ws"> | null = null) => {
  const ctx = context(workspaceId);
  return change(ctx, (tx) =>
    queueMail(tx, ctx, code, reader, { code: "482913" }, { secretUntil: tx.now + minutes * 60_000 }),
  );
};
const queueDigest = () => {
  const ctx = context();
  return change(ctx, (tx) => queueMail(tx, ctx, digest, reader, null));
};
const shown = async (id: string) => (await app.operate("GET", `/mail/${id}`)).body.data;
const workspaceOf = async () => (await app.call("GET", "/workspace")).body.data.id as Id<"ws">;

test("a test mail is taken by the mail server, and the log tells its words", async () => {
  const sink = await appWith();
  const queued = await app.operate("POST", "/mail/test", { to: "ada@example.org" });
  expect(queued.status).toBe(201);
  await app.app.worker.idle();
  expect(sink.received).toMatchObject([{ from: "links@example.com", to: "ada@example.org", secure: true }]);
  expect(await shown(queued.body.data.id)).toMatchObject({
    status: "sent",
    attempts: 1,
    body: null,
    log: [{ accepted: true, message: "250 2.0.0 Ok: queued as SINK" }],
  });
  expect((await app.events()).slice(-2)).toEqual(["mail.queued", "mail.sent"]);
});

test("a change that is rolled back sends nothing", async () => {
  const sink = await appWith();
  const ctx = context();
  const failing = change(ctx, async (tx) => {
    await queueMail(tx, ctx, code, reader, { code: "482913" });
    throw new Error("no");
  });
  await expect(failing).rejects.toThrow("no");
  await app.app.worker.idle();
  expect(sink.received).toEqual([]);
  expect((await app.operate("GET", "/mail")).body.pagination.total).toBe(0);
});

test("without a mail server the operator reads the code in the outbox, until it is good no longer", async () => {
  app = await testApp();
  const id = await queueCode();
  expect(await shown(id)).toMatchObject({
    status: "waiting",
    body: { text: expect.stringContaining("482913") },
  });
  app.clock.advance(10 * 60_000);
  await app.app.worker.idle();
  expect(await shown(id)).toMatchObject({ status: "expired", body: null });
  const [row] = await app.db.read.select().from(app.db.tables.mails);
  expect(row!.body).toBeNull();
});

test("a workspace sees what became of its own mail, and never what it says", async () => {
  app = await testApp();
  const id = await queueCode(10, await workspaceOf());
  const admin = await app.keyOf("admin");
  const list = await app.call("GET", "/mail", { key: admin });
  expect(list.body.data).toMatchObject([{ id, status: "waiting", to: "Ada@Example.org" }]);
  const one = await app.call("GET", `/mail/${id}`, { key: admin });
  expect(one.body.data.body).toBeNull();
  expect(one.text + list.text).not.toContain("482913");
  const stranger = await app.stranger();
  expect((await app.call("GET", `/mail/${id}`, { key: stranger })).status).toBe(404);
  expect((await app.call("GET", "/mail", { key: stranger })).body.data).toEqual([]);
  for (const [method, path, body] of [
    ["POST", `/mail/${id}/resend`],
    ["POST", "/mail/test", { to: "eve@example.org" }],
    ["GET", "/mail/suppressions"],
  ] as const)
    expect((await app.call(method, path, { key: admin, body })).status).toBe(403);
});

test("a workspace sees the status of its mail, and not what the mail server says of its settings", async () => {
  await appWith({ rcpt: () => ({ code: 550, text: "5.7.1 relay 10.1.2.3 refuses user way" }) });
  const id = await queueCode(10, await workspaceOf());
  await app.app.worker.idle();
  const one = await app.call("GET", `/mail/${id}`, { key: await app.keyOf("admin") });
  expect(one.body.data).toMatchObject({ status: "failed", attempts: 1, log: [] });
  expect((await shown(id)).log).toMatchObject([{ message: expect.stringContaining("10.1.2.3") }]);
});

test("a code is kept nowhere once the mail server has it", async () => {
  const sink = await appWith();
  const id = await queueCode();
  expect((await shown(id)).body).toBeNull();
  await app.app.worker.idle();
  expect(sink.received[0]!.raw).toContain("482913");
  const [row] = await app.db.read.select().from(app.db.tables.mails);
  expect(row).toMatchObject({ status: "sent", body: null });
  expect((await app.operate("POST", `/mail/${id}/resend`)).status).toBe(410);
});

test("greylisting is waited out, and the reader gets the mail once", async () => {
  let asked = 0;
  const sink = await appWith({
    rcpt: () => (asked++ < 2 ? { code: 450, text: "4.2.0 Greylisted" } : null),
  });
  const id = await queueDigest();
  await app.app.worker.idle();
  expect(await shown(id)).toMatchObject({ status: "queued", attempts: 1 });
  // Pauses vary a little, so that many who were put off do not come back at once.
  for (const minutes of [2, 10]) {
    app.clock.advance(minutes * 60_000);
    await app.app.worker.idle();
  }
  expect(sink.received).toHaveLength(1);
  expect(await shown(id)).toMatchObject({
    status: "sent",
    attempts: 3,
    log: [{ accepted: false }, { accepted: false }, { accepted: true }],
  });
});

test("a server that is down for more than a day ends it, and it can be sent again afterwards", async () => {
  let isDown = true;
  const sink = await appWith({
    data: () => (isDown ? { code: 451, text: "4.3.0 Trouble" } : null),
  });
  const id = await queueDigest();
  await app.app.worker.idle();
  for (let hours = 0; hours < 48; hours++) {
    app.clock.advance(3_600_000);
    await app.app.worker.idle();
  }
  const failed = await shown(id);
  expect(failed).toMatchObject({ status: "failed", attempts: 8 });
  expect(failed.log.at(-1).message).toStartWith("451 4.3.0 Trouble");
  isDown = false;
  expect((await app.operate("POST", `/mail/${id}/resend`)).body.data.status).toBe("queued");
  expect((await app.operate("POST", `/mail/${id}/resend`)).status).toBe(409);
  await app.app.worker.idle();
  expect(sink.received).toHaveLength(1);
  expect((await shown(id)).status).toBe("sent");
});

test("mail whose job was called off has failed within two minutes, and can be sent again", async () => {
  let asked = 0;
  const sink = await appWith({ rcpt: () => (asked++ === 0 ? { code: 450, text: "4.2.0 Later" } : null) });
  const id = await queueDigest();
  await app.app.worker.idle();
  const [job] = (await app.operate("GET", "/jobs?name=mail.send")).body.data;
  expect((await app.operate("POST", `/jobs/${job.id}/cancel`)).body.data.state).toBe("cancelled");
  app.clock.advance(2 * 60_000);
  await app.app.worker.idle();
  const failed = await shown(id);
  expect(failed).toMatchObject({ status: "failed" });
  expect(failed.log.at(-1).message).toContain("Send it again");
  expect((await app.operate("POST", `/mail/${id}/resend`)).status).toBe(200);
  await app.app.worker.idle();
  expect((await shown(id)).status).toBe("sent");
  expect(sink.received).toHaveLength(1);
});

test("mail that was queued before the server was off for a week is sent when it is back", async () => {
  const sink = await appWith({ rcpt: () => (isAway ? { code: 450, text: "4.2.0 Later" } : null) });
  let isAway = true;
  const id = await queueDigest();
  await app.app.worker.idle();
  isAway = false;
  app.clock.set(app.clock.now() + 7 * 86_400_000);
  // The upkeep is due too, and in another queue: whichever comes first, nothing is given up.
  await keepOutbox(context(), new AbortController().signal);
  await app.app.worker.idle();
  expect([(await shown(id)).status, sink.received.length]).toEqual(["sent", 1]);
});

test("a mail is not queued again beside the job that has just sent it, which would swallow it", async () => {
  const sink = await appWith();
  const id = await queueDigest();
  await app.app.worker.idle();
  const { jobs } = app.db.tables;
  const settled = (state: "running" | "done") =>
    app.db.transaction((tx) => tx.update(jobs).set({ state }).where(eq(jobs.name, "mail.send")));
  await settled("running");
  const early = await app.operate("POST", `/mail/${id}/resend`);
  expect([early.status, early.body.message]).toEqual([409, expect.stringContaining("in a moment")]);
  expect((await shown(id)).status).toBe("sent");
  await settled("done");
  expect((await app.operate("POST", `/mail/${id}/resend`)).status).toBe(200);
  await app.app.worker.idle();
  expect([(await shown(id)).status, sink.received.length]).toEqual(["sent", 2]);
});

test("a mail server that takes longer than an attempt may is named in the log", async () => {
  const asked = Promise.withResolvers<void>();
  app = await testApp({
    env: { WAYPOST_SMTP_URL: "smtp://localhost:1" },
    mail: () => ({
      configured: true,
      verify: async () => {},
      send: (_, signal) => {
        asked.resolve();
        return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
      },
    }),
  });
  const id = await queueDigest();
  await asked.promise;
  app.clock.advance(120_000);
  await app.app.worker.idle();
  expect(await shown(id)).toMatchObject({
    status: "queued",
    attempts: 1,
    log: [{ accepted: false, message: "The mail server: It was not done within 120 s." }],
  });
});

test("what happened names no address, though the mail server does", async () => {
  await appWith({
    rcpt: (to) => ({ code: 550, text: `5.1.1 <${to}>: unknown: ask postmaster@example.org` }),
  });
  const id = await queueDigest();
  await app.app.worker.idle();
  expect((await shown(id)).log[0].message).toContain("<Ada@example.org>");
  const told = JSON.stringify(await app.db.read.select().from(app.db.tables.events));
  expect(told).toContain("mail.failed");
  expect(told.toLowerCase()).not.toContain("@example.org");
});

test("a code goes before the weekly summaries that were queued before it", async () => {
  const sink = await appWith();
  await app.app.worker.stop();
  for (let i = 0; i < 3; i++) await queueDigest();
  await queueCode();
  const { jobs } = app.db.tables;
  const [first] = await app.db.read
    .select({ args: jobs.args })
    .from(jobs)
    .where(eq(jobs.name, "mail.send"))
    .orderBy(jobs.priority, jobs.id)
    .limit(1);
  const [mail] = await app.db.read
    .select({ type: app.db.tables.mails.type })
    .from(app.db.tables.mails)
    .where(eq(app.db.tables.mails.id, JSON.parse(first!.args).mail));
  expect([mail!.type, sink.received.length]).toEqual(["tests.code", 0]);
});

test.each(["ada@example.org, eve@example.org", "a@b.example\r\nBcc: eve@example.org", "<a@b.example>", ""])(
  "no mail is queued for %p",
  async (email) => {
    app = await testApp();
    const ctx = context();
    const queued = change(ctx, (tx) => queueMail(tx, ctx, digest, { ...reader, email }, null));
    await expect(queued).rejects.toThrow("no address");
  },
);

test("a bounce ends what can be unsubscribed, and never a code", async () => {
  let bounces = true;
  const sink = await appWith({
    rcpt: () => (bounces ? { code: 550, text: "5.1.1 No such user" } : null),
  });
  const first = await queueDigest();
  await app.app.worker.idle();
  expect(await shown(first)).toMatchObject({ status: "failed", attempts: 1 });
  bounces = false;
  const second = await queueDigest();
  const asked = await queueCode();
  await app.app.worker.idle();
  expect([(await shown(second)).status, (await shown(asked)).status]).toEqual(["suppressed", "sent"]);
  expect(sink.received).toHaveLength(1);
  const { body } = await app.operate("GET", "/mail/suppressions");
  expect(body.data).toMatchObject([
    { address: "ada@example.org", topic: "", reason: "bounced", detail: "550 5.1.1 No such user" },
  ]);
  expect((await app.operate("DELETE", "/mail/suppressions?address=ADA@example.org")).status).toBe(200);
  expect((await app.operate("DELETE", "/mail/suppressions?address=ADA@example.org")).status).toBe(404);
  const third = await queueDigest();
  await app.app.worker.idle();
  expect((await shown(third)).status).toBe("sent");
});

test("mail that is on its way is not forgotten, however short the log is kept", async () => {
  let isDown = true;
  const down = () => (isDown ? { code: 451, text: "4.3.0 Trouble" } : null);
  const sink = await appWith({ data: down }, { WAYPOST_MAIL_KEEP: "1h" });
  await queueDigest();
  await app.app.worker.idle();
  for (let hours = 0; hours < 30; hours++) {
    isDown = hours < 6;
    app.clock.advance(3_600_000);
    await app.app.worker.idle();
  }
  expect(sink.received).toHaveLength(1);
  app.clock.advance(3_600_000);
  await app.app.worker.idle();
  expect((await app.operate("GET", "/mail")).body.pagination.total).toBe(0);
});

test("an address that is left alone already is no event", async () => {
  app = await testApp();
  const address = "ada@example.org";
  for (const reason of ["complained", "manual"]) {
    const answer = await app.operate("POST", "/mail/suppressions", { address, reason });
    expect([answer.status, answer.body.data.reason]).toEqual([201, "complained"]);
  }
  expect((await app.events()).filter((type) => type === "mail_suppression.created")).toHaveLength(1);
});

test("unsubscribing takes a button or the mail program's own call, and ends that topic alone", async () => {
  const sink = await appWith();
  await app.call("GET", "/workspace");
  await queueDigest();
  await app.app.worker.idle();
  const url = /List-Unsubscribe:\s*<([^>]+)>/.exec(sink.received[0]!.raw.replace(/\r\n[ \t]+/g, ""))![1]!;
  const { pathname, search } = new URL(url);
  const at = `http://127.0.0.1:${app.app.server.port}${pathname}${search}`;
  const page = await fetch(at);
  expect(await page.text()).toContain("<button>Unsubscribe</button>");
  expect((await app.operate("GET", "/mail/suppressions")).body.data).toEqual([]);
  for (let twice = 0; twice < 2; twice++) {
    const done = await fetch(at, {
      method: "POST",
      body: new URLSearchParams({ "List-Unsubscribe": "One-Click" }),
    });
    expect(done.status).toBe(200);
  }
  expect((await app.operate("GET", "/mail/suppressions")).body.data).toMatchObject([
    { address: "ada@example.org", topic: "digest", reason: "unsubscribed" },
  ]);
  const next = await queueDigest();
  await app.app.worker.idle();
  expect((await shown(next)).status).toBe("suppressed");
  for (const spoilt of [at.slice(0, -1), at.replace("token=", "token=A"), `${at}.x`, at.split("?")[0]!])
    expect((await fetch(spoilt, { method: "POST" })).status).toBe(404);
});

test("mail that waited is sent when a mail server is set, unless it is old", async () => {
  let isSet = false;
  const sink = await smtpSink({ certificate });
  sinks.push(sink);
  app = await testApp({
    env: { WAYPOST_SMTP_URL: `smtp://localhost:${sink.port}` },
    mail(config) {
      const real = openTransport({ config, baseUrl: () => null, ca: authority.cert });
      return {
        get configured() {
          return isSet;
        },
        send: real.send,
        verify: real.verify,
      };
    },
  });
  const old = await queueDigest();
  app.clock.advance(4 * 86_400_000);
  const fresh = await queueDigest();
  isSet = true;
  app.clock.advance(60_000);
  await app.app.worker.idle();
  expect([(await shown(old)).status, (await shown(fresh)).status]).toEqual(["waiting", "sent"]);
  app.clock.advance(31 * 86_400_000);
  await app.app.worker.idle();
  expect((await app.operate("GET", "/mail")).body.pagination.total).toBe(0);
});

test("the log is filtered and walked, newest first", async () => {
  app = await testApp();
  const ids: string[] = [];
  for (let i = 0; i < 5; i++) ids.unshift(await queueDigest());
  const seen: string[] = [];
  let cursor = "";
  do {
    const { body } = await app.operate("GET", `/mail?limit=2${cursor && `&cursor=${cursor}`}`);
    seen.push(...body.data.map(({ id }: { id: string }) => id));
    cursor = body.pagination.nextCursor ?? "";
  } while (cursor !== "");
  expect(seen).toEqual(ids);
  const totals = async (query: string) => (await app.operate("GET", `/mail?${query}`)).body.pagination.total;
  expect(await totals("to=ada@EXAMPLE.org")).toBe(5);
  expect(await totals("status=sent")).toBe(0);
  expect(await totals("type=tests.digest&status=waiting")).toBe(5);
});

test.skipIf(process.env["TEST_DATABASE"] === "postgres")(
  "on SQLite lists are filtered in an index, whatever by, and only the page is looked up",
  async () => {
    app = await testApp();
    const id = await queueCode(10, await workspaceOf());
    const { prepare } = Database.prototype;
    const prepared: string[] = [];
    const spy = spyOn(Database.prototype, "prepare").mockImplementation(function (
      this: Database,
      text: string,
    ) {
      prepared.push(text);
      return prepare.call(this, text);
    } as typeof prepare);
    try {
      for (const filter of [
        "status=waiting",
        "type=tests.code",
        "type=tests.code&status=waiting",
        "limit=1",
      ]) {
        expect((await app.call("GET", `/mail?${filter}`)).body.data).toMatchObject([{ id }]);
        expect((await app.operate("GET", `/mail?${filter}`)).body.data).toMatchObject([{ id }]);
      }
    } finally {
      spy.mockRestore();
    }
    const here = new Database(freshSqlite());
    const steps = prepared
      .filter((text) => text.includes("mails"))
      .flatMap((text) => here.prepare(`explain query plan ${text}`).all() as { detail: string }[])
      .map(({ detail }) => detail)
      .filter((detail) => detail.includes("mails") && !detail.includes("(id=?)"));
    here.close();
    expect(steps.length).toBeGreaterThan(10);
    for (const step of steps) expect(step).toContain("COVERING INDEX");
  },
);

test.each([
  ["POST", "/mail/test", { to: "nobody" }, "/to"],
  ["POST", "/mail/test", { to: "a@b.example, c@d.example" }, "/to"],
  ["POST", "/mail/test", { to: "a@b.example", cc: "x" }, "/cc"],
  ["POST", "/mail/suppressions", { address: "a@b.example", topic: "No Topic" }, "/topic"],
  ["GET", "/mail?status=lost", undefined, "/status"],
] as const)("%s %s with %p is refused by name", async (method, path, body, where) => {
  app = await testApp();
  const answer = await app.operate(method, path, body);
  expect(answer.status).toBe(400);
  expect(answer.body.error.details[0].path).toBe(where);
});
