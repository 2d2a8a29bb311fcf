import { afterAll, expect, test } from "bun:test";
import { createPublicKey, generateKeyPairSync } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeAuthority } from "../support/certificates.ts";
import { dkimHolds } from "../support/dkim.ts";
import { smtpSink } from "../support/smtp.ts";
import { emptyFolder, type Running, runWaypost, startWaypost } from "./executable-server.ts";

const running: Running[] = [];
afterAll(async () => {
  for (const one of running) await one.stop();
});
const SETUP = { WAYPOST_SETUP_KEY: "provisioned-by-nobody-in-particular-0001" };

/** Asks again until it holds; the mail server and we both take a moment. */
async function until<T>(ask: () => Promise<T>, holds: (answer: T) => boolean): Promise<T> {
  for (const end = performance.now() + 20_000; performance.now() < end; await Bun.sleep(50)) {
    const answer = await ask();
    if (holds(answer)) return answer;
  }
  throw new Error("it did not come to hold");
}

test("the program sends a mail over TLS, signed, to a server whose authority it was told to trust", async () => {
  const authority = makeAuthority("Mail test");
  const sink = await smtpSink({
    certificate: authority.issue("DNS:localhost", { rsa: true }),
    auth: { user: "way", pass: "secret" },
  });
  const folder = emptyFolder();
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const at = (name: string, text: string) => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  const env = {
    ...SETUP,
    WAYPOST_SMTP_URL_FILE: at("smtp.txt", `smtp://way:secret@localhost:${sink.port}`),
    WAYPOST_MAIL_FROM: "Links <links@example.com>",
    WAYPOST_DKIM_KEY_FILE: at("dkim.pem", privateKey.export({ type: "pkcs8", format: "pem" }).toString()),
    NODE_EXTRA_CA_CERTS: at("ca.pem", authority.cert),
  };
  running.push(await startWaypost(env, folder));
  const waypost = (...args: string[]) => runWaypost(args, { folder, env });
  expect((await waypost("doctor")).out).toMatch(/ok\s+mail\s+localhost:\d+ takes mail/);
  const queued = await waypost("mail", "test", "ada@example.org");
  expect(queued).toMatchObject({ code: 0 });
  const id = /mail_\w+/.exec(queued.out)![0];
  const shown = await until(
    () => waypost("mail", "show", id),
    ({ out }) => /status\s+sent/.test(out),
  );
  expect(shown.out).toContain("accepted  250 2.0.0 Ok: queued as SINK");
  const [got] = sink.received;
  expect(got).toMatchObject({ to: "ada@example.org", secure: true, user: "way" });
  expect(dkimHolds(got!.raw, createPublicKey(privateKey))).toMatchObject({
    domain: "example.com",
    holds: true,
  });
  await sink.close();
});

test("without a mail server the mail is read in the outbox", async () => {
  const server = await startWaypost(SETUP);
  running.push(server);
  const waypost = (...args: string[]) => runWaypost(args, { folder: server.folder, env: SETUP });
  const queued = await waypost("mail", "test", "ada@example.org");
  expect(queued.out).toContain("waits in the outbox");
  const id = /mail_\w+/.exec(queued.out)![0];
  const { out } = await waypost("mail", "show", id);
  expect(out).toContain("This is the test you asked for.");
  expect((await waypost("mail", "list", "--status", "waiting")).out).toContain(id);
});
