import { afterAll, expect, test } from "bun:test";
import { createPublicKey, generateKeyPairSync } from "node:crypto";
import { loadConfig } from "../../../src/config.ts";
import { MailFailure, type Outgoing, openTransport } from "../../../src/platform/mail/transport.ts";
import { makeAuthority } from "../../support/certificates.ts";
import { dkimHolds } from "../../support/dkim.ts";
import { type SmtpSink, type SmtpSinkOptions, scriptedServer, smtpSink } from "../../support/smtp.ts";

const authority = makeAuthority("Mail test");
const certificate = authority.issue("DNS:localhost,IP:127.0.0.1", { rsa: true });
const closing: (() => unknown)[] = [];
afterAll(async () => {
  for (const close of closing) await close();
});

async function sinkOf(options: SmtpSinkOptions = {}): Promise<SmtpSink> {
  const sink = await smtpSink(options);
  closing.push(sink.close);
  return sink;
}
const transportOf = (env: Record<string, string>, baseUrl = "https://links.example.com") =>
  openTransport({
    config: loadConfig(env, () => "").config,
    baseUrl: () => baseUrl,
    ca: authority.cert,
  });
const mail: Outgoing = {
  to: { name: "Ada", address: "ada@example.org" },
  fromName: "Waypost",
  subject: "Grüße – 1 < 2",
  html: "<p>Grüße</p>",
  text: "Grüße\n",
  messageId: "mail_01",
  unsubscribeUrl: null,
};
const never = new AbortController().signal;
const failureOf = async (sent: Promise<unknown>): Promise<MailFailure> => {
  const error = await sent.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(MailFailure);
  return error as MailFailure;
};

test("mail goes out over STARTTLS with a sign-in, from the address that was set", async () => {
  const sink = await sinkOf({ certificate, auth: { user: "way", pass: "p@ss/w:rd" } });
  const transport = transportOf({
    WAYPOST_SMTP_URL: `smtp://way:${encodeURIComponent("p@ss/w:rd")}@localhost:${sink.port}`,
    WAYPOST_MAIL_FROM: "Links <links@example.com>",
    WAYPOST_MAIL_REPLY_TO: "help@example.com",
  });
  expect(await transport.send(mail, never)).toBe("250 2.0.0 Ok: queued as SINK");
  const [got] = sink.received;
  expect(got).toMatchObject({ from: "links@example.com", to: "ada@example.org", secure: true, user: "way" });
  expect(got!.raw).toContain("From: Links <links@example.com>");
  expect(got!.raw).toContain("Reply-To: help@example.com");
  expect(got!.raw).toContain("Message-ID: <mail_01@example.com>");
  expect(got!.raw).toContain("Auto-Submitted: auto-generated");
  expect(got!.raw).not.toContain("List-Unsubscribe");
  await transport.verify();
});

test("mail goes out over TLS from the first byte, and the sender is made of our own address", async () => {
  const sink = await sinkOf({ certificate, tls: true });
  const transport = transportOf({ WAYPOST_SMTP_URL: `smtps://localhost:${sink.port}` });
  await transport.send(mail, never);
  expect(sink.received).toMatchObject([{ from: "waypost@links.example.com", secure: true }]);
  expect(sink.received[0]!.raw).toContain("From: Waypost <waypost@links.example.com>");
});

test("a signature by DKIM holds, and breaks when a word is changed on the way", async () => {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const sink = await sinkOf({ certificate });
  await transportOf({
    WAYPOST_SMTP_URL: `smtp://localhost:${sink.port}`,
    WAYPOST_MAIL_FROM: "links@example.com",
    WAYPOST_DKIM_KEY: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    WAYPOST_DKIM_SELECTOR: "way2026",
  }).send(mail, never);
  const { raw } = sink.received[0]!;
  const publicKey = createPublicKey(privateKey);
  expect(dkimHolds(raw, publicKey)).toEqual({ domain: "example.com", selector: "way2026", holds: true });
  expect(dkimHolds(raw.replace("Gr=C3=BC=C3=9Fe", "Gr=C3=BCsse"), publicKey).holds).toBe(false);
  expect(dkimHolds(raw.replace("ada@example.org", "eve@example.org"), publicKey).holds).toBe(false);
});

test("without TLS nothing is sent unless that was asked for, and the error says how", async () => {
  const sink = await sinkOf();
  const url = { WAYPOST_SMTP_URL: `smtp://localhost:${sink.port}` };
  const failure = await failureOf(transportOf(url).send(mail, never));
  expect(failure.kind).toBe("later");
  expect(failure.message).toContain("WAYPOST_SMTP_TLS=optional");
  expect(sink.received).toEqual([]);
  await transportOf({ ...url, WAYPOST_SMTP_TLS: "optional" }).send(mail, never);
  await transportOf({ ...url, WAYPOST_SMTP_TLS: "off" }).send(mail, never);
  expect(sink.received.map(({ secure }) => secure)).toEqual([false, false]);
});

test("a certificate of somebody else is not believed", async () => {
  const other = makeAuthority("Somebody else").issue("DNS:localhost", { rsa: true });
  const sink = await sinkOf({ certificate: other });
  const failure = await failureOf(
    transportOf({ WAYPOST_SMTP_URL: `smtp://localhost:${sink.port}` }).send(mail, never),
  );
  expect(failure.kind).toBe("later");
  expect(sink.received).toEqual([]);
});

test.each([
  ["greylisting", { rcpt: () => ({ code: 450, text: "4.2.0 Greylisted, try later" }) }, "later", "450 4.2.0"],
  ["an unknown mailbox", { rcpt: () => ({ code: 550, text: "5.1.1 No such user" }) }, "bounced", "550 5.1.1"],
  ["a full mailbox", { rcpt: () => ({ code: 552, text: "5.2.2 Mailbox full" }) }, "refused", "552 5.2.2"],
  ["content nobody wants", { data: () => ({ code: 554, text: "5.7.1 Spam" }) }, "refused", "554 5.7.1"],
  ["a server in trouble", { data: () => ({ code: 451, text: "4.3.0 Local error" }) }, "later", "451 4.3.0"],
] as const)("%s is told apart, in the server's own words", async (_, options, kind, said) => {
  const sink = await sinkOf({ certificate, ...options });
  const failure = await failureOf(
    transportOf({ WAYPOST_SMTP_URL: `smtp://localhost:${sink.port}` }).send(mail, never),
  );
  expect(failure.kind).toBe(kind);
  expect(failure.message).toStartWith(said);
});

test("a wrong password is our fault and not the mail's", async () => {
  const sink = await sinkOf({ certificate, auth: { user: "way", pass: "right" } });
  const transport = transportOf({ WAYPOST_SMTP_URL: `smtp://way:wrong@localhost:${sink.port}` });
  const failure = await failureOf(transport.send(mail, never));
  expect(failure.kind).toBe("later");
  expect(failure.message).toContain("WAYPOST_SMTP_URL");
  await failureOf(transport.verify());
});

test("a server that is not there, that says nonsense, or hangs up half way, is asked again later", async () => {
  const nobody = await failureOf(transportOf({ WAYPOST_SMTP_URL: "smtp://127.0.0.1:1" }).send(mail, never));
  expect(nobody.kind).toBe("later");
  for (const lines of [
    ["HTTP/1.1 400 Bad Request"],
    ["220 hello", null],
    // Envelope taken, then gone before the last answer.
    ["220 hello", "250 hello", "250 sender", "250 recipient", "354 go on", null],
  ]) {
    const server = await scriptedServer(lines);
    closing.push(server.close);
    const failure = await failureOf(
      transportOf({
        WAYPOST_SMTP_URL: `smtp://127.0.0.1:${server.port}`,
        WAYPOST_SMTP_TLS: "optional",
      }).send(mail, never),
    );
    expect([lines, failure.kind]).toEqual([lines, "later"]);
  }
});

test("a server that says nothing is left as soon as the time is over", async () => {
  const server = await scriptedServer([]);
  closing.push(server.close);
  const late = new AbortController();
  const sent = transportOf({ WAYPOST_SMTP_URL: `smtp://127.0.0.1:${server.port}` }).send(mail, late.signal);
  late.abort(new Error("the time is over"));
  await expect(sent).rejects.toThrow("the time is over");
});

test("what can be unsubscribed says so where mail programs look (RFC 8058)", async () => {
  const sink = await sinkOf({ certificate });
  const unsubscribeUrl = "https://links.example.com/api/v1/mail/unsubscribe?token=abc.def";
  await transportOf({ WAYPOST_SMTP_URL: `smtp://localhost:${sink.port}` }).send(
    { ...mail, unsubscribeUrl },
    never,
  );
  const raw = sink.received[0]!.raw.replace(/\r\n[ \t]+/g, " ");
  expect(raw).toContain(`List-Unsubscribe: <${unsubscribeUrl}>`);
  expect(raw).toContain("List-Unsubscribe-Post: List-Unsubscribe=One-Click");
});

test("no name or subject becomes a header or a second recipient", async () => {
  const sink = await sinkOf({ certificate });
  await transportOf({ WAYPOST_SMTP_URL: `smtp://localhost:${sink.port}` }).send(
    {
      ...mail,
      to: { name: 'Ada" <eve@example.org>,\r\nBcc: eve@example.org', address: "ada@example.org" },
      subject: "Hello\r\nBcc: eve@example.org",
    },
    never,
  );
  expect(sink.received).toHaveLength(1);
  expect(sink.received[0]!.to).toBe("ada@example.org");
  expect(sink.received[0]!.raw).not.toMatch(/^Bcc:/im);
});

test("without a mail server nothing is sent", async () => {
  const transport = transportOf({});
  expect(transport.configured).toBe(false);
  await failureOf(transport.send(mail, never));
});
