import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { and, asc, desc, eq, inArray, like, sql } from "drizzle-orm";
import type { Build, Database, Tx } from "../../src/db/database.ts";
import { isForeignKeyViolation, isUniqueViolation, uniqueViolation } from "../../src/db/errors.ts";
import { placeholders } from "../../src/db/placeholders.ts";
import type { Clock } from "../../src/lib/clock.ts";
import { newId } from "../../src/lib/ids.ts";

const NOW = 1_790_000_000_000;

/** What every database keeps, whichever dialect answers. */
export function databaseContract(name: string, open: (clock: Clock) => Promise<Database>): void {
  describe(`a database on ${name}`, () => {
    let nowMs = NOW;
    let db: Database;
    const clock = { now: () => nowMs };
    beforeAll(async () => {
      db = await open(clock);
      await db.transaction((tx) => plant(db, tx));
    }, 120_000);
    afterAll(() => db.close());

    test("gives back every column shape as it was stored", async () => {
      const { links } = db.tables;
      const row = linkRow({
        slug: "Straße-🦊",
        title: "quote ' double \" back \\ percent % newline \n tab \t",
        options: { list: ["b", "a", "ü", ""] },
        externalId: "x-1",
        forwardQuery: false,
        expiresAt: Number.MAX_SAFE_INTEGER,
        clicksLimit: -Number.MAX_SAFE_INTEGER,
      });
      const [made] = await db.transaction((tx) => tx.insert(links).values(row).returning());
      expect(made).toEqual(row);
      const [read] = await db.read.select().from(links).where(eq(links.id, row.id));
      expect(read).toEqual(row);
    });

    test("keeps a text of a megabyte, whole", async () => {
      const { idempotency } = db.tables;
      const body = "line ü\n".repeat(150_000);
      await db.transaction(async (tx) => {
        await tx
          .insert(idempotency)
          .values({ id: "large", requestHash: "", status: 200, body, createdAt: 0, expiresAt: 0 });
      });
      const [read] = await db.read.select().from(idempotency).where(eq(idempotency.id, "large"));
      expect(read!.body === body).toBe(true);
    });

    test("inserts a thousand rows in one statement", async () => {
      const { links } = db.tables;
      const rows = Array.from({ length: 1000 }, () => linkRow({ workspaceId: "ws_2" }));
      await db.transaction(async (tx) => {
        await tx.insert(links).values(rows);
      });
      expect(await db.read.$count(links, eq(links.workspaceId, "ws_2"))).toBe(1000);
    });

    test("keeps nothing of a transaction that throws after an await", async () => {
      const { links } = db.tables;
      const row = linkRow();
      const work = db.transaction(async (tx) => {
        await tx.insert(links).values(row);
        await Bun.sleep(2);
        throw new Error("no");
      });
      expect(work).rejects.toThrow("no");
      await work.catch(() => {});
      expect(await db.read.$count(links, eq(links.id, row.id))).toBe(0);
    });

    test("counts every one of forty transactions that read, wait and write at once", async () => {
      const { links } = db.tables;
      const row = linkRow({ version: 0 });
      await db.transaction(async (tx) => {
        await tx.insert(links).values(row);
      });
      await Promise.all(
        Array.from({ length: 40 }, (_, i) =>
          db.transaction(async (tx) => {
            const [link] = await tx.select().from(links).where(eq(links.id, row.id));
            await Bun.sleep(i % 3);
            await tx
              .update(links)
              .set({ version: link!.version + 1 })
              .where(eq(links.id, row.id));
          }),
        ),
      );
      const [link] = await db.read.select().from(links).where(eq(links.id, row.id));
      expect(link!.version).toBe(40);
    }, 120_000);

    test("keeps the last of two even if both are asked to go at once", async () => {
      const { members, users } = db.tables;
      const owner = (id: "usr_1" | "usr_2") => ({
        workspaceId: "ws_1" as const,
        userId: id,
        role: "owner" as const,
        createdAt: 0,
      });
      await db.transaction(async (tx) => {
        await tx.insert(users).values([userRow("usr_1"), userRow("usr_2")]);
        await tx.insert(members).values([owner("usr_1"), owner("usr_2")]);
      });
      const leave = (userId: "usr_1" | "usr_2") =>
        db.transaction(async (tx) => {
          const left = await tx.$count(members, eq(members.workspaceId, "ws_1"));
          await Bun.sleep(5);
          if (left > 1) await tx.delete(members).where(eq(members.userId, userId));
        });
      await Promise.all([leave("usr_1"), leave("usr_2")]);
      expect(await db.read.$count(members)).toBe(1);
    });

    test("shows a change to readers as soon as it is answered, and to nobody before", async () => {
      const { links } = db.tables;
      const row = linkRow();
      const count = () => db.read.$count(links, eq(links.id, row.id));
      let before = -1;
      await db.transaction(async (tx) => {
        await tx.insert(links).values(row);
        // On a single connection a reader would wait for us here, for ever.
        before = name === "PGlite" ? 0 : await count();
      });
      expect([before, await count()]).toEqual([0, 1]);
    });

    test("inserts or updates with one statement", async () => {
      const { linkTotals } = db.tables;
      const add = (clicks: number) =>
        db.transaction(async (tx) => {
          await tx
            .insert(linkTotals)
            .values({
              linkId: "link_u",
              workspaceId: "ws_1",
              shelf: 0,
              clicks,
              uniqueClicks: 0,
              botClicks: 0,
              sequence: 1,
            })
            .onConflictDoUpdate({
              target: linkTotals.linkId,
              set: { clicks: sql`${linkTotals.clicks} + excluded.clicks` },
            });
        });
      await add(2);
      await add(3);
      const [row] = await db.read.select().from(linkTotals).where(eq(linkTotals.linkId, "link_u"));
      expect(row!.clicks).toBe(5);
    });

    test("answers an insert that was not needed with no row", async () => {
      const { workspaces } = db.tables;
      const made = await db.transaction((tx) =>
        tx.insert(workspaces).values(workspaceRow("ws_1")).onConflictDoNothing().returning(),
      );
      expect(made).toEqual([]);
    });

    test("names the unique index that a write has broken", async () => {
      const { links, domains, users, workspaces, keys, linkTags, tags } = db.tables;
      const link = linkRow({ externalId: "taken" });
      await db.transaction(async (tx) => {
        await tx.insert(links).values(link);
        await tx.insert(tags).values(tagRow("tag_1"));
        await tx.insert(linkTags).values(linkTagRow(link.id, "tag_1"));
        await tx.insert(users).values(userRow("usr_9"));
        await tx.insert(keys).values(keyRow("key_1"));
      });
      const attempts: Record<string, (tx: Tx) => PromiseLike<unknown>> = {
        links_pkey: (tx) => tx.insert(links).values({ ...linkRow(), id: link.id }),
        links_slug: (tx) => tx.insert(links).values({ ...linkRow(), slugKey: link.slugKey }),
        links_external_id: (tx) => tx.insert(links).values(linkRow({ externalId: "taken" })),
        link_tags_pkey: (tx) => tx.insert(linkTags).values(linkTagRow(link.id, "tag_1")),
        domains_host: (tx) => tx.insert(domains).values({ ...domainRow("dom_9"), host: "dom_1.example" }),
        users_email_key: (tx) =>
          tx.insert(users).values({ ...userRow("usr_10"), emailKey: "usr_9@example.com" }),
        workspaces_pkey: (tx) => tx.insert(workspaces).values(workspaceRow("ws_1")),
        keys_hash: (tx) => tx.insert(keys).values({ ...keyRow("key_2"), hash: "key_1" }),
      };
      for (const [index, attempt] of Object.entries(attempts)) {
        const error = await failure(db, attempt);
        expect(uniqueViolation(error)).toBe(index);
        expect(isUniqueViolation(error, index)).toBe(true);
        expect(isUniqueViolation(error, "another")).toBe(false);
        expect(isForeignKeyViolation(error)).toBe(false);
      }
    });

    test("refuses a row that refers to nothing, and the end of one that is referred to", async () => {
      const { links, workspaces, members } = db.tables;
      const orphans: ((tx: Tx) => PromiseLike<unknown>)[] = [
        (tx) => tx.insert(links).values({ ...linkRow(), workspaceId: "ws_none" }),
        (tx) => tx.insert(links).values({ ...linkRow(), domainId: "dom_none" }),
        (tx) =>
          tx
            .insert(members)
            .values({ workspaceId: "ws_1", userId: "usr_none", role: "viewer", createdAt: 0 }),
        (tx) => tx.delete(workspaces).where(eq(workspaces.id, "ws_1")),
      ];
      for (const orphan of orphans) {
        const error = await failure(db, orphan);
        expect(isForeignKeyViolation(error)).toBe(true);
        expect(uniqueViolation(error)).toBe(null);
      }
    });

    test("takes the tags along when a link is deleted", async () => {
      const { links, linkTags, tags } = db.tables;
      const row = linkRow();
      await db.transaction(async (tx) => {
        await tx.insert(links).values(row);
        await tx.insert(tags).values(tagRow("tag_gone"));
        await tx.insert(linkTags).values(linkTagRow(row.id, "tag_gone"));
        await tx.delete(links).where(eq(links.id, row.id));
      });
      expect(await db.read.$count(linkTags, eq(linkTags.tagId, "tag_gone"))).toBe(0);
    });

    test("sorts texts by their bytes", async () => {
      const { workspaces } = db.tables;
      const names = [
        "_",
        "-",
        "a",
        "B",
        "Z",
        "aa",
        "ab",
        "ä",
        "é",
        "zz",
        "Ω",
        "中",
        "\uffee",
        "🦊",
        " a",
        "A b",
      ];
      await db.transaction(async (tx) => {
        await tx
          .insert(workspaces)
          .values(names.map((text, i) => ({ ...workspaceRow(`ws_sort${i}`), name: text })));
      });
      const rows = await db.read
        .select({ name: workspaces.name })
        .from(workspaces)
        .where(like(workspaces.id, "ws_sort%"))
        .orderBy(workspaces.name);
      expect(rows.map((row) => row.name)).toEqual(
        names.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))),
      );
    });

    test("tells upper from lower case when it searches", async () => {
      const { workspaces } = db.tables;
      await db.transaction(async (tx) => {
        await tx.insert(workspaces).values({ ...workspaceRow("ws_case"), name: "Case_100%" });
      });
      const found = (pattern: string) =>
        db.read.$count(workspaces, sql`${workspaces.name} like ${pattern} escape '\\'`);
      expect(await Promise.all(["Case%", "case%", "%\\_100\\%", "%\\_100\\_"].map(found))).toEqual([
        1, 0, 1, 0,
      ]);
    });

    test("puts what is missing where the query says", async () => {
      const { workspaces } = db.tables;
      await db.transaction(async (tx) => {
        await tx.insert(workspaces).values([
          { ...workspaceRow("ws_null1"), defaultDomainId: null },
          { ...workspaceRow("ws_null2"), defaultDomainId: "dom_1" },
        ]);
      });
      const rows = await db.read
        .select({ id: workspaces.id })
        .from(workspaces)
        .where(inArray(workspaces.id, ["ws_null1", "ws_null2"]))
        .orderBy(sql`${desc(workspaces.defaultDomainId)} nulls last`, asc(workspaces.id));
      expect(rows.map((row) => row.id)).toEqual(["ws_null2", "ws_null1"]);
    });

    test("answers a prepared lookup with the row, or nothing", async () => {
      const { links } = db.tables;
      const row = linkRow({ slug: "prepared", options: { list: ["t"] } });
      const find = db.prepare((read) =>
        read
          .select({
            id: links.id,
            url: links.destinationUrl,
            forward: links.forwardQuery,
            options: links.options,
          })
          .from(links)
          .where(
            and(eq(links.domainId, sql.placeholder("domainId")), eq(links.slugKey, sql.placeholder("slug"))),
          ),
      );
      expect(await find({ domainId: "dom_1", slug: row.slugKey })).toBeUndefined();
      await db.transaction(async (tx) => {
        await tx.insert(links).values(row);
      });
      expect(await find({ domainId: "dom_1", slug: row.slugKey })).toEqual({
        id: row.id,
        url: row.destinationUrl,
        forward: true,
        options: row.options,
      });
    });

    test("runs a query that was put together once, however many others come between", async () => {
      const { linkTotals } = db.tables;
      const insert: Build = (queries, { linkTotals: totals }) =>
        queries.insert(totals).values(placeholders(totals)).onConflictDoNothing();
      const find: Build<{ clicks: number }> = (queries, { linkTotals: totals }) =>
        queries
          .select({ clicks: totals.clicks })
          .from(totals)
          .where(eq(totals.linkId, sql.placeholder("id")));
      const row = {
        workspaceId: "ws_1",
        shelf: 0,
        clicks: 7,
        uniqueClicks: 0,
        botClicks: 0,
        lastClickedAt: null,
        sequence: 0,
      };
      await db.transaction((tx) => tx.run(insert, { linkId: "link_run1", ...row }));
      await db.transaction(async (tx) => {
        for (let many = 1; many <= 300; many++)
          await tx
            .select({ n: sql.raw(`${many}`) })
            .from(linkTotals)
            .limit(1);
        await tx.run(insert, { linkId: "link_run2", ...row });
        expect(await tx.run(find, { id: "link_run2" })).toEqual([{ clicks: 7 }]);
        expect(await tx.run(find, { id: "link_none" })).toEqual([]);
      });
      expect(await db.read.$count(linkTotals, like(linkTotals.linkId, "link_run%"))).toBe(2);
    });

    test("tells what every write asks as it is then: in the change itself, behind it, and after one that failed", async () => {
      const { workspaces } = db.tables;
      const nameOf: Build<{ name: string }> = (queries, tables) =>
        queries
          .select({ name: tables.workspaces.name })
          .from(tables.workspaces)
          .where(eq(tables.workspaces.id, sql.placeholder("id")));
      const told = (tx: Tx) => tx.known(nameOf, { id: "ws_2" });
      const rename = (tx: Tx, name: string) =>
        tx.update(workspaces).set({ name }).where(eq(workspaces.id, "ws_2"));
      const now = () => db.transaction(told);
      expect([await now(), await now()]).toEqual([[{ name: "ws_2" }], [{ name: "ws_2" }]]);
      const inside = await db.transaction(async (tx) => {
        const before = await told(tx);
        await rename(tx, "new");
        return [before, await told(tx)];
      });
      expect(inside).toEqual([[{ name: "ws_2" }], [{ name: "new" }]]);
      expect(await now()).toEqual([{ name: "new" }]);
      const lost = db.transaction(async (tx) => {
        await rename(tx, "lost");
        expect(await told(tx)).toEqual([{ name: "lost" }]);
        throw new Error("no");
      });
      expect(lost).rejects.toThrow("no");
      // All at once, so that on SQLite they share a transaction with the one that was lost.
      const [, ...after] = await Promise.all([lost.catch(() => {}), now(), now()]);
      expect(after).toEqual([[{ name: "new" }], [{ name: "new" }]]);
      const mixed = await Promise.all([
        now(),
        db.transaction((tx) => rename(tx, "ws_2").then(() => told(tx))),
      ]);
      expect(mixed[1]).toEqual([{ name: "ws_2" }]);
      expect(await now()).toEqual([{ name: "ws_2" }]);
    });

    test("keeps all of those who come at once but those who fail, whoever shares a commit with whom", async () => {
      const { linkTotals } = db.tables;
      const none = { clicks: 0, uniqueClicks: 0, botClicks: 0, lastClickedAt: null, sequence: 0 };
      const row = { workspaceId: "ws_1" as const, shelf: 0, ...none };
      const outcomes = await Promise.allSettled(
        Array.from({ length: 100 }, (_, i) =>
          db.transaction(async (tx) => {
            await tx.insert(linkTotals).values({ linkId: `link_share${i}`, ...row });
            if (i % 3 === 1) throw new Error("no");
            // A broken unique index takes back its statement, and the transaction with it.
            if (i % 3 === 2) await tx.insert(linkTotals).values({ linkId: `link_share${i}`, ...row });
            return i;
          }),
        ),
      );
      const kept = outcomes.flatMap((one) => (one.status === "fulfilled" ? [`link_share${one.value}`] : []));
      expect(kept).toHaveLength(34);
      const rows = await db.read.select().from(linkTotals).where(like(linkTotals.linkId, "link_share%"));
      expect(rows.map(({ linkId }) => linkId as string).sort()).toEqual(kept.sort());
    });

    test("has one moment for everything in a transaction", async () => {
      const moments = await db.transaction(async (tx) => {
        const first = tx.now;
        nowMs++;
        await tx.select().from(db.tables.installation);
        return [first, tx.now];
      });
      expect(moments[0]).toBe(moments[1]!);
    });

    test("refuses a transaction inside another one, and keeps nothing of either", async () => {
      const { links } = db.tables;
      const [outer, inner] = [linkRow(), linkRow()];
      const nested = db.transaction(async (tx) => {
        await tx.insert(links).values(outer);
        await db.transaction(async (other) => {
          await other.insert(links).values(inner);
        });
      });
      expect(nested).rejects.toThrow("inside another one");
      await nested.catch(() => {});
      expect(await db.read.$count(links, inArray(links.id, [outer.id, inner.id]))).toBe(0);
    });

    test("refuses a query on a transaction that has ended", async () => {
      const { links } = db.tables;
      const row = linkRow();
      let kept: Tx | undefined;
      await db.transaction(async (tx) => {
        kept = tx;
      });
      const late = (async () => {
        await kept!.insert(links).values(row);
      })();
      expect(late).rejects.toThrow();
      await late.catch(() => {});
      expect(await db.read.$count(links, eq(links.id, row.id))).toBe(0);
    });

    test("goes on after failures as if nothing had happened", async () => {
      expect(db.problem()).toBe(null);
      await db.transaction(async (tx) => {
        await tx.insert(db.tables.links).values(linkRow());
      });
    });

    test("refuses work after it was closed, and closes twice", async () => {
      const other = await open(clock);
      await other.close();
      await other.close();
      const error = await other.transaction(async () => {}).catch((cause: unknown) => cause);
      expect(error).toMatchObject({ name: "AppError", code: "UNAVAILABLE" });
    }, 120_000);
  });
}

async function plant(db: Database, tx: Tx): Promise<void> {
  await tx.insert(db.tables.workspaces).values([workspaceRow("ws_1"), workspaceRow("ws_2")]);
  await tx.insert(db.tables.domains).values(domainRow("dom_1"));
}

const failure = (db: Database, attempt: (tx: Tx) => PromiseLike<unknown>): Promise<unknown> =>
  db
    .transaction(async (tx) => {
      await attempt(tx);
    })
    .then(
      () => null,
      (error: unknown) => error,
    );

const workspaceRow = (id: `ws_${string}`) => ({ id, name: id, createdAt: NOW, updatedAt: NOW });

const domainRow = (id: `dom_${string}`) => ({
  id,
  host: `${id}.example`,
  caseSensitive: false,
  slugLength: 7,
  createdAt: NOW,
  updatedAt: NOW,
});

const userRow = (id: `usr_${string}`) => ({
  id,
  email: `${id}@example.com`,
  emailKey: `${id}@example.com`,
  operator: false,
  createdAt: NOW,
  updatedAt: NOW,
});

const keyRow = (id: `key_${string}`) => ({
  id,
  name: id,
  kind: "secret" as const,
  environment: "live" as const,
  hash: id,
  hint: "",
  permissions: [],
  createdBy: "usr_1",
  createdAt: NOW,
  updatedAt: NOW,
});

const tagRow = (id: `tag_${string}`) => ({
  id,
  workspaceId: "ws_1" as const,
  name: id,
  nameKey: id,
  color: "gray" as const,
  createdBy: "usr_1",
  createdAt: NOW,
  updatedAt: NOW,
});
const linkTagRow = (linkId: `link_${string}`, tagId: `tag_${string}`) => ({
  linkId,
  tagId,
  workspaceId: "ws_1" as const,
  position: 0,
  shelf: 0,
});

function linkRow(changes: Partial<Database["tables"]["links"]["$inferSelect"]> = {}) {
  const id = newId("link", NOW);
  return {
    id,
    workspaceId: "ws_1" as const,
    domainId: "dom_1" as const,
    slug: id,
    slugKey: id,
    destinationUrl: "https://example.com/?a=1&b=%20#c",
    destinationHash: "00",
    title: null,
    description: null,
    externalId: null,
    redirectStatus: 302,
    forwardQuery: true,
    expiresAt: null,
    expiredUrl: null,
    clicksLimit: null,
    enabled: true,
    notes: null,
    startsAt: null,
    folderId: null,
    campaignId: null,
    passwordHash: null,
    forwardPath: false,
    options: null,
    searchText: "",
    version: 1,
    createdBy: "usr_1",
    archivedAt: null,
    deletedAt: null,
    createdAt: NOW,
    updatedAt: NOW,
    ...changes,
  };
}
