import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { asc, eq, sql } from "drizzle-orm";
import type { Change } from "../../../src/platform/events.ts";
import { change } from "../../../src/platform/events.ts";
import { newKeyring } from "../../../src/platform/keyring.ts";
import { contextOf, type TestApp, testApp } from "../../support/app.ts";

let app: TestApp;
beforeEach(async () => {
  app = await testApp();
});
afterEach(() => app.close());

const makeLinks = async (count: number) => {
  for (let i = 0; i < count; i++)
    await app.call("POST", "/links", { body: { destinationUrl: "https://example.com/", title: `t${i}` } });
};
/** Lets the minute come in which the log is sealed. */
const seal = async () => {
  app.clock.advance(60_000);
  await app.app.worker.idle();
};
interface Found {
  kind: string;
  eventId: string | null;
}
const verify = async (query = "") =>
  (await app.operate("GET", `/installation/audit/verify${query}`)).body.data as {
    seal: number;
    hash: string;
    seals: number;
    events: number;
    erased: number;
    unsealed: number;
    done: boolean;
    findings: Found[];
  };
const found = async () => (await verify()).findings.map(({ kind, eventId }) => [kind, eventId]);
const rows = () => app.db.read.select().from(app.db.tables.events).orderBy(asc(app.db.tables.events.id));
/** As somebody does who can write to the database and nothing else. */
const tamper = (work: (tx: Parameters<Parameters<TestApp["db"]["transaction"]>[0]>[0]) => Promise<unknown>) =>
  app.db.transaction(async (tx) => void (await work(tx)));

test("everything that happened is sealed within the minute, and verified as it was sealed", async () => {
  await makeLinks(3);
  const before = await verify();
  expect(before).toMatchObject({ seal: 0, seals: 0, events: 0, done: true, findings: [] });
  expect(before.unsealed).toBeGreaterThan(3);
  await seal();
  const all = (await rows()).length;
  expect(await verify()).toMatchObject({ seal: 1, events: all, unsealed: 0, done: true, findings: [] });
  await makeLinks(2);
  await seal();
  expect(await verify()).toMatchObject({ seal: 2, events: all + 2, findings: [] });
});

test("more events than a seal holds are sealed at once, and verified a part a call", async () => {
  const { sealAudit, EVENTS_PER_SEAL } = await import("../../../src/features/audit/seal.ts");
  const ctx = contextOf(app, null);
  const { accessDenied } = await import("../../../src/platform/denials.ts");
  const many = (tx: Change) => {
    for (let i = 0; i < EVENTS_PER_SEAL * 11; i++)
      tx.record(accessDenied, `usr_${i}`, {
        method: "GET",
        route: "/x",
        permission: null,
        reason: null,
        times: i,
      });
  };
  await change(ctx, async (tx) => many(tx));
  await sealAudit(ctx, new AbortController().signal);
  const first = await verify();
  expect(first).toMatchObject({ seal: 10, done: false, findings: [] });
  const rest = await verify(`?after=${first.seal}`);
  expect(rest).toMatchObject({ seal: 12, done: true, findings: [], unsealed: 0 });
  expect(first.events + rest.events).toBe((await rows()).length);
}, 30_000);

describe("whoever tampers with a sealed event is found", () => {
  const alterations: Record<string, unknown> = {
    workspaceId: "ws_other",
    type: "link.created",
    actorKind: "system",
    actorId: "usr_somebodyelse",
    keyId: "key_other",
    requestId: "another",
    subjectId: "link_other",
    createdAt: 1,
    data: { title: "other" },
    origin: { requestId: null, network: "198.51.100.0/24", userAgent: null },
    dataProof: "AAAA.BBBB",
    originProof: null,
  };
  for (const [name, value] of Object.entries(alterations))
    test(`by another ${name}, at whichever event`, async () => {
      await makeLinks(2);
      await app.call("PATCH", "/workspace", { body: { name: "New" } });
      await seal();
      const { events } = app.db.tables;
      for (const row of await rows()) {
        if (JSON.stringify(row[name as keyof typeof row]) === JSON.stringify(value)) continue;
        await tamper((tx) =>
          tx
            .update(events)
            .set({ [name]: value })
            .where(eq(events.id, row.id)),
        );
        expect(await found()).toEqual([["altered", row.id]]);
        const { id: _, ...old } = row;
        await tamper((tx) => tx.update(events).set(old).where(eq(events.id, row.id)));
      }
      expect(await found()).toEqual([]);
    });

  test("by text that is no JSON any more", async () => {
    await makeLinks(1);
    await seal();
    const { events } = app.db.tables;
    const { id } = (await rows()).at(-1)!;
    await tamper((tx) => tx.update(events).set({ data: sql`'{'` }).where(eq(events.id, id)));
    expect(await found()).toEqual([["altered", id]]);
  });

  test("by deleting it", async () => {
    await makeLinks(3);
    await seal();
    const { events } = app.db.tables;
    for (const { id } of (await rows()).slice(1, 3))
      await tamper((tx) => tx.delete(events).where(eq(events.id, id)));
    expect((await found()).map(([kind]) => kind)).toEqual(["deleted", "deleted"]);
  });

  test("by giving two of them each other's place", async () => {
    await makeLinks(2);
    await seal();
    const { events } = app.db.tables;
    const [one, other] = (await rows()).slice(-2);
    await tamper(async (tx) => {
      const { id: a, ...first } = one!;
      const { id: b, ...second } = other!;
      await tx.update(events).set(second).where(eq(events.id, a));
      await tx.update(events).set(first).where(eq(events.id, b));
    });
    expect(await found()).toEqual([
      ["altered", one!.id],
      ["altered", other!.id],
    ]);
  });

  test("by putting one in, or taking one out of its seal to have it sealed again", async () => {
    await makeLinks(2);
    await seal();
    const { events } = app.db.tables;
    const last = (await rows()).at(-1)!;
    const planted = `${last.id.slice(0, -1)}0` as typeof last.id;
    await tamper((tx) => tx.insert(events).values({ ...last, id: planted }));
    expect(await found()).toEqual([["inserted", planted]]);
    await tamper((tx) => tx.delete(events).where(eq(events.id, planted)));
    await tamper((tx) =>
      tx.update(events).set({ seal: null, actorId: "usr_x" }).where(eq(events.id, last.id)),
    );
    await seal();
    expect(await found()).toEqual([["moved", last.id]]);
  });

  test("by erasing what nobody asked to have erased", async () => {
    await makeLinks(1);
    await seal();
    const { events } = app.db.tables;
    const last = (await rows()).at(-1)!;
    const dataProof = `.${last.dataProof!.split(".")[1]}`;
    await tamper((tx) =>
      tx.update(events).set({ data: sql`'null'`, dataProof }).where(eq(events.id, last.id)),
    );
    expect(await found()).toEqual([["erased_unrecorded", last.id]]);
    await tamper((tx) =>
      tx
        .update(events)
        .set({ data: { title: "never" }, dataProof })
        .where(eq(events.id, last.id)),
    );
    expect((await found())[0]).toEqual(["altered", last.id]);
  });
});

describe("whoever tampers with the seals is found", () => {
  const three = async () => {
    for (let i = 0; i < 3; i++) {
      await makeLinks(1);
      await seal();
    }
  };
  const kinds = async (query = "") => (await verify(query)).findings.map(({ kind }) => kind);

  test("by altering one of them in anything", async () => {
    await three();
    const { auditSeals } = app.db.tables;
    const [second] = await app.db.read.select().from(auditSeals).where(eq(auditSeals.sequence, 2));
    for (const [name, value] of Object.entries({
      events: 7,
      entries: second!.entries.replace(/.$/, "_"),
      previous: "",
      hash: "0".repeat(64),
      createdAt: 1,
    })) {
      await tamper((tx) =>
        tx
          .update(auditSeals)
          .set({ [name]: value })
          .where(eq(auditSeals.sequence, 2)),
      );
      expect([name, (await kinds())[0]]).toEqual([name, "seal_altered"]);
      await tamper((tx) => tx.update(auditSeals).set(second!).where(eq(auditSeals.sequence, 2)));
    }
    expect(await kinds()).toEqual([]);
  });

  test("by taking out one in the middle, at the beginning, or at the end", async () => {
    await three();
    const { auditSeals } = app.db.tables;
    for (const sequence of [2, 1, 3]) {
      const [kept] = await app.db.read.select().from(auditSeals).where(eq(auditSeals.sequence, sequence));
      await tamper((tx) => tx.delete(auditSeals).where(eq(auditSeals.sequence, sequence)));
      expect([sequence, (await kinds()).includes("seal_missing")]).toEqual([sequence, true]);
      await tamper((tx) => tx.insert(auditSeals).values(kept!));
    }
    expect(await kinds()).toEqual([]);
  });

  test("by cutting off the end with its events, or making the log anew, for whoever has noted a seal", async () => {
    await three();
    const { seal: noted, hash } = await verify();
    expect(await kinds(`?expect=${noted}:${hash}`)).toEqual([]);
    const { auditSeals, events } = app.db.tables;
    await tamper(async (tx) => {
      await tx.delete(events).where(eq(events.seal, 3));
      await tx.delete(auditSeals).where(eq(auditSeals.sequence, 3));
    });
    expect(await kinds()).toEqual([]);
    expect(await kinds(`?expect=${noted}:${hash}`)).toEqual(["seal_missing"]);
    await makeLinks(1);
    await seal();
    expect(await kinds(`?expect=${noted}:${hash}`)).toEqual(["seal_altered"]);
  });

  test("by a chain that fits, made without the key ring", async () => {
    await three();
    const { sealHash } = await import("../../../src/features/audit/chain.ts");
    const { auditSeals } = app.db.tables;
    const guess = JSON.parse(newKeyring()).audit;
    let previous = "";
    for (const one of await app.db.read.select().from(auditSeals).orderBy(asc(auditSeals.sequence))) {
      const facts = { ...one, previous };
      previous = sealHash(guess, facts);
      const forged = { ...facts, hash: previous };
      await tamper((tx) => tx.update(auditSeals).set(forged).where(eq(auditSeals.sequence, one.sequence)));
    }
    expect(await kinds()).toEqual(["seal_altered", "seal_altered", "seal_altered"]);
  });
});

test("what seals cannot say is refused by name", async () => {
  for (const [query, path] of [
    ["?after=7", "/after"],
    ["?after=-1", "/after"],
    ["?expect=1", "/expect"],
    [`?after=0&expect=0:${"0".repeat(64)}`, "/expect"],
  ]) {
    const { status, body } = await app.operate("GET", `/installation/audit/verify${query}`);
    expect([query, status, body.error.details[0].path]).toEqual([query, 400, path]);
  }
});

test("events of a version without proofs are given them and sealed", async () => {
  await makeLinks(2);
  const { events } = app.db.tables;
  await tamper((tx) => tx.update(events).set({ dataProof: null, originProof: null }));
  await seal();
  expect((await verify()).findings).toEqual([]);
  expect((await rows()).every(({ dataProof }) => dataProof?.length === 66)).toBe(true);
});

describe("a person's data", () => {
  const erase = async (body: object) => {
    const answer = await app.operate("POST", "/installation/audit/erase", body);
    expect(answer.status).toBe(202);
    await app.app.worker.idle();
    return answer;
  };

  test("is taken out of the log wherever it stands, and the chain holds", async () => {
    const email = "Ada.Lovelace@example.org";
    const made = await app.operate("POST", "/users", { email, firstName: "Ada" });
    const subject = made.body.data.id as string;
    await makeLinks(1);
    await app.call("PATCH", "/workspace", { body: { name: `Friends of ${email.toLowerCase()}` } });
    await seal();
    await erase({ subject, texts: [email] });
    const text = JSON.stringify(await rows());
    expect(text.toLowerCase()).not.toContain("lovelace");
    expect(text).toContain(subject);
    await seal();
    expect(await verify()).toMatchObject({ findings: [], erased: 2 });
    const [entry] = (await app.operate("GET", `/audit?subject=${subject}&type=user.created`)).body.data;
    expect(entry).toMatchObject({ type: "user.created", data: null, erased: true });
    expect((await app.events()).slice(-2)).toEqual(["audit.erasure_asked", "audit.erased"]);
    // Nor does it stand in the job that did it.
    expect(JSON.stringify(await app.db.read.select().from(app.db.tables.jobs))).not.toContain("ovelace");
  });

  test("of their own doings is where they came from; what they did stays", async () => {
    await app.call("PATCH", "/workspace", {
      body: { name: "New" },
      headers: { "user-agent": "Ada's phone" },
    });
    const [{ actor }] = (await app.call("GET", "/audit")).body.data;
    await erase({ subject: actor.id });
    const [entry] = (await app.call("GET", "/audit?type=workspace.updated")).body.data;
    expect(entry).toMatchObject({
      actor,
      data: { name: "New" },
      network: null,
      userAgent: null,
      erased: true,
    });
    await seal();
    expect((await verify()).findings).toEqual([]);
  });

  test("cannot be found out from the hashes that stay: the salt is gone with it", async () => {
    const made = await app.operate("POST", "/users", { email: "ada@example.org" });
    await erase({ subject: made.body.data.id });
    const row = (await rows()).find(({ type }) => type === "user.created")!;
    expect(row.dataProof).toMatch(/^\.[A-Za-z0-9_-]{43}$/);
  });

  test("erased twice, or in many slices, is erased once, and its records stay", async () => {
    const { body } = await app.operate("POST", "/users", { email: "ada@example.org" });
    await makeLinks(300);
    await erase({ subject: body.data.id, texts: ["ada@example.org", "no such text"] });
    const events = (await app.events()).filter((type) => type === "audit.erased").length;
    await erase({ subject: body.data.id, texts: ["ada@example.org"] });
    expect((await app.events()).filter((type) => type === "audit.erased")).toHaveLength(events);
    await seal();
    expect(await verify()).toMatchObject({ findings: [], erased: 1 });
  }, 30_000);
});
