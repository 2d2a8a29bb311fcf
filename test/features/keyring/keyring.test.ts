import { afterEach, expect, test } from "bun:test";
import { eq } from "drizzle-orm";
import { assembleApp } from "../../../src/app.ts";
import { openInstallation } from "../../../src/features/installation/installation.ts";
import type { Id } from "../../../src/lib/ids.ts";
import { silentLog } from "../../../src/lib/log.ts";
import { change } from "../../../src/platform/events.ts";
import { KeyringError, newKeyring, readKeys } from "../../../src/platform/keyring.ts";
import { openBody } from "../../../src/platform/mail/body.ts";
import type { MailType } from "../../../src/platform/mail/letter.ts";
import { queueMail } from "../../../src/platform/mail/queue.ts";
import { contextOf, type TestApp, testApp, testConfig } from "../../support/app.ts";
import { person, signedInAs, type TestPerson } from "../../support/people.ts";

let app: TestApp;
afterEach(() => app.close());

const code: MailType<null> = {
  name: "tests.code",
  topic: null,
  write: () => ({ subject: "Your code", preview: "", parts: [{ kind: "code", code: "482913" }], reason: "" }),
};
const queueCode = (): Promise<Id<"mail">> => {
  const ctx = contextOf(app, null);
  const reader = { email: "ada@example.org", name: null, locale: "en", timeZone: "UTC" };
  return change(ctx, (tx) => queueMail(tx, ctx, code, reader, null));
};
const bodies = async () => (await app.db.read.select().from(app.db.tables.mails)).map(({ body }) => body!);
const ring = async () => (await app.operate("GET", "/installation/keyring")).body.data;
const rotate = () => app.operate("POST", "/installation/keyring/rotate");
const said = async (id: string) => (await app.operate("GET", `/mail/${id}`)).body.data.body.text;

/** The same database and folder, started again. */
function startAgain(env: Record<string, string> = {}, forgetLostKeys = false) {
  return openInstallation(app.db).then((installation) =>
    assembleApp({
      config: testConfig(env),
      clock: app.clock,
      log: silentLog,
      dataDir: app.dataDir,
      db: app.db,
      clicks: app.app.ports.clicks,
      installation,
      after: app.clock.after,
      forgetLostKeys,
    }),
  );
}

test("a rotation seals anew what there is, loses nothing, and lets the old key be retired", async () => {
  app = await testApp();
  const mails = [await queueCode(), await queueCode()];
  const [old] = await ring();
  expect(old).toMatchObject({ newest: true, sealed: 2 });
  const rotated = await rotate();
  expect(rotated.body.data).toMatchObject([{ newest: true }, { id: old.id, newest: false }]);
  expect(await said(mails[0]!)).toContain("482913");
  await app.app.worker.idle();
  expect(await ring()).toMatchObject([{ sealed: 2 }, { id: old.id, sealed: 0 }]);
  for (const id of mails) expect(await said(id)).toContain("482913");
  app.clock.advance(60_000);
  const retired = await app.operate("DELETE", `/installation/keyring/${old.id}`);
  expect(retired.body.data).toHaveLength(1);
  expect(await said(mails[0]!)).toContain("482913");
  expect(await app.events()).toContain("keyring.rotated");
  expect((await app.events()).at(-1)).toBe("keyring.key_retired");
  expect(JSON.stringify(await ring())).not.toContain(app.app.ports.keyring.sealing()[0]!.secret);
});

test("more secrets than go at once are all sealed anew, and one that cannot be opened stops none", async () => {
  app = await testApp();
  await queueCode();
  const { mails } = app.db.tables;
  await app.db.transaction(async (tx) => {
    const [row] = await tx.select().from(mails);
    for (let i = 0; i < 450; i++) await tx.insert(mails).values({ ...row!, id: `mail_${i}`, body: "{}" });
    await tx
      .update(mails)
      .set({ body: `${row!.body}AA` })
      .where(eq(mails.id, row!.id));
  });
  await rotate();
  await app.app.worker.idle();
  expect((await ring())[0]).toMatchObject({ newest: true, sealed: 450 });
});

test("a key is not retired while anything is sealed with it, nor before, nor when there is none like it", async () => {
  app = await testApp();
  await queueCode();
  const [only] = await ring();
  const retire = (id: string) => app.operate("DELETE", `/installation/keyring/${id}`);
  expect((await retire(only.id)).body.message).toContain("Rotate first");
  expect((await retire("nosuchid")).status).toBe(404);
  await rotate();
  await app.app.worker.idle();
  // A transaction that began before the rotation may still seal with it.
  expect((await retire(only.id)).status).toBe(409);
  app.clock.advance(60_000);
  expect((await retire(only.id)).status).toBe(200);
});

test("a start with another key ring is refused with what to do, and changes nothing", async () => {
  app = await testApp();
  const id = await queueCode();
  const before = await bodies();
  const other = startAgain({ WAYPOST_KEYRING: newKeyring() });
  await expect(other).rejects.toThrow(KeyringError);
  await expect(other).rejects.toThrow("Restore keys.json");
  // A key of the same name that is not the same key.
  const forged = JSON.parse(newKeyring());
  forged.sealing[0].id = (await ring())[0].id;
  await expect(startAgain({ WAYPOST_KEYRING: JSON.stringify(forged) })).rejects.toThrow(KeyringError);
  expect(await bodies()).toEqual(before);
  expect(await said(id)).toContain("482913");
});

test("keys that are lost for good are given up on purpose, on record, and the rest goes on", async () => {
  app = await testApp();
  const id = await queueCode();
  const again = await startAgain({ WAYPOST_KEYRING: newKeyring() }, true);
  expect((await app.events()).at(-1)).toBe("keyring.key_forgotten");
  const [row] = await app.db.read.select().from(app.db.tables.mails);
  expect(openBody(again.ports, row!)).toBeNull();
  expect(row!.id).toBe(id);
  await again.stop();
});

test("what a version without a key ring has left is read as it is, and sealed at the start", async () => {
  app = await testApp();
  const id = await queueCode();
  const { mails, sealingKeys } = app.db.tables;
  await app.db.transaction(async (tx) => {
    await tx.update(mails).set({ body: JSON.stringify({ html: "", text: "482913" }) });
    await tx.delete(sealingKeys);
  });
  expect(await said(id)).toBe("482913");
  const again = await startAgain();
  await again.worker.start();
  // Either process may have taken the work up.
  await Promise.all([app.app.worker.idle(), again.worker.idle()]);
  expect((await bodies())[0]).toStartWith("v1.");
  expect(await said(id)).toBe("482913");
  await again.stop();
});

test("a ring of the configuration is not rotated here, and says where", async () => {
  app = await testApp({ env: { WAYPOST_KEYRING: newKeyring() } });
  const { status, body } = await rotate();
  expect([status, body.error.code]).toEqual([409, "CONFLICT"]);
  expect(body.message).toContain("WAYPOST_KEYRING");
});

test("a rotation signs access tokens by a new key, and those of before stay good for as long as they live", async () => {
  app = await testApp();
  const before = await person(app);
  const kidOf = (token: string) => JSON.parse(Buffer.from(token.split(".")[0]!, "base64url").toString()).kid;
  const status = async (them: TestPerson) => (await them.call("GET", "/user/profile")).status;
  await rotate();
  const after = await signedInAs(app, before.email);
  expect(kidOf(after.accessToken)).not.toBe(kidOf(before.accessToken));
  expect([await status(before), await status(after)]).toEqual([200, 200]);
  const kids = () => (readKeys(app.dataDir)["signing"] as { kid: string }[]).map(({ kid }) => kid);
  expect(kids()).toEqual([kidOf(before.accessToken), kidOf(after.accessToken)]);
  app.clock.advance(86_400_000 + 1000);
  await rotate();
  // The first key's successor is older than any token of it.
  expect(kids()).not.toContain(kidOf(before.accessToken));
}, 60_000);
