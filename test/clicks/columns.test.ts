import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { openColumns } from "../../src/clicks/columns/store.ts";
import { click } from "../contracts/click-questions.ts";
import { clickStoreContract } from "../contracts/click-store.ts";
import { temporaryFolder } from "./support/journal.ts";

clickStoreContract("columns", { open: async (folder) => openColumns(folder), newFolder: temporaryFolder });
// Every batch becomes a block, and finds others to be joined with.
clickStoreContract("columns, sealed at once", {
  open: async (folder) => openColumns(folder, { tailMax: 1 }),
  newFolder: temporaryFolder,
});

test("a batch that fails half way leaves nothing behind, and can be handed over again", async () => {
  const folder = temporaryFolder();
  const store = openColumns(folder);
  const broken = { ...click(), visitor: 7 as unknown as bigint };
  await expect(
    store.append([click({ linkId: "link_x" }), broken], { segment: 1, offset: 8 }),
  ).rejects.toThrow();
  expect(await store.position()).toEqual({ segment: 0, offset: 0 });
  await store.append([click({ linkId: "link_x" })], { segment: 1, offset: 8 });
  expect(await store.totals(["link_x"])).toMatchObject([{ clicks: 1 }]);
  await store.close();
});

test("a store made by a newer version, or by an edited migration, is not opened", async () => {
  const folder = temporaryFolder();
  await openColumns(folder).close();
  const change = (sql: string) => {
    const db = new Database(join(folder, "clicks.db"));
    db.run(sql);
    db.close();
  };
  change("insert into migrations values (99, '0099_later', 'x')");
  expect(() => openColumns(folder)).toThrow("newer version");
  change("delete from migrations where number = 99");
  change("update migrations set checksum = 'other'");
  expect(() => openColumns(folder)).toThrow("not the one that was applied");
});

describe("a purge", () => {
  const rowsIn = (folder: string) => {
    const db = new Database(join(folder, "clicks.db"), { readonly: true });
    const count = (table: string) =>
      db.query<{ count: number }, []>(`select count(*) as count from ${table}`).get()!.count;
    const { clicks } = db
      .query<{ clicks: number }, []>("select coalesce(sum(clicks), 0) as clicks from blocks")
      .get()!;
    const counts = [count("links"), count("totals"), clicks + count("tail")];
    db.close();
    return counts;
  };

  test("of a link leaves no row of it, not even where its last click was forgotten before", async () => {
    const folder = temporaryFolder();
    const store = openColumns(folder);
    const clicks = ["link_1", "link_2", "link_3"].map((linkId) => click({ linkId, visitor: 7n }));
    await store.append([...clicks, click({ linkId: "link_4", outcome: "expired" })], {
      segment: 1,
      offset: 8,
    });
    await store.forget({ workspaceId: "ws_1", linkId: "link_1" });
    await store.forget({ workspaceId: "ws_1", linkId: "link_4" });
    expect(rowsIn(folder)).toEqual([2, 2, 2]);
    await store.forget({ workspaceId: "ws_1", before: Number.MAX_SAFE_INTEGER });
    expect(rowsIn(folder)).toEqual([2, 2, 0]);
    await store.forget({ workspaceId: "ws_1", linkId: "link_2" });
    expect(rowsIn(folder)).toEqual([1, 1, 0]);
    await store.close();
  });

  test("leaves none of their texts, and all that other clicks still say", async () => {
    const folder = temporaryFolder();
    const store = openColumns(folder);
    const mine = {
      referrerHost: "private.example",
      referrerUrl: "https://private.example/jane",
      utmTerm: "jane",
    };
    const shared = { browser: "Firefox", language: "de", referrerHost: "news.example", referrerUrl: "" };
    await store.append(
      [
        click({ ...mine, browser: "Rarebrowser", network: "203.0.113.0/24" }),
        click({ ...shared, utmSource: "both" }),
        click({ ...shared, linkId: "link_2", utmSource: "both" }),
      ],
      { segment: 1, offset: 8 },
    );
    await store.forget({ workspaceId: "ws_1", linkId: "link_1" });
    const db = new Database(join(folder, "clicks.db"), { readonly: true });
    const texts = db
      .query<{ text: string }, []>("select text from texts")
      .all()
      .map(({ text }) => text);
    for (const gone of Object.values(mine)) expect(texts).not.toContain(gone);
    for (const kept of ["ws_1", "Firefox", "de", "news.example", "both"]) expect(texts).toContain(kept);
    expect(db.query<{ id: number }, []>("select id from referrers where id = 0").all()).toHaveLength(1);
    expect(db.query<{ id: number }, []>("select id from campaigns where id = 0").all()).toHaveLength(1);
    db.close();
    // Numbers that are free again are not mixed up with what memory knew of them.
    await store.append([click({ linkId: "link_2", ...mine, browser: "Another" })], {
      segment: 1,
      offset: 16,
    });
    const asked = {
      workspaceId: "ws_1",
      from: 0,
      to: Number.MAX_SAFE_INTEGER,
      timezone: "UTC",
      where: {},
      limit: 9,
    };
    const groups = async (groupBy: "referrerUrl" | "browser") =>
      (await store.query({ ...asked, groupBy })).rows.map(({ group }) => group).sort();
    expect(await groups("referrerUrl")).toEqual(["", "https://private.example/jane"]);
    expect(await groups("browser")).toEqual(["Another", "Firefox"]);
    await store.close();
  });

  test("of a workspace leaves no row of its links, and those of another", async () => {
    const folder = temporaryFolder();
    const store = openColumns(folder);
    const clicks = [click(), click({ linkId: "link_2" }), click({ linkId: "link_9", workspaceId: "ws_2" })];
    await store.append(clicks, { segment: 1, offset: 8 });
    await store.forget({ workspaceId: "ws_1" });
    expect(rowsIn(folder).slice(0, 2)).toEqual([1, 1]);
    expect(await store.totals(["link_9"])).toMatchObject([{ clicks: 1 }]);
    await store.close();
  });

  test("does not give the clicks of a purged link to the next new one", async () => {
    const store = openColumns(temporaryFolder());
    await store.append([click({ visitor: 7n })], { segment: 1, offset: 8 });
    const before = (await store.totalsSince(0, 9)).at(-1)!.sequence;
    await store.forget({ workspaceId: "ws_1", linkId: "link_1" });
    const later = [click({ linkId: "link_2", visitor: 7n }), click({ visitor: 8n }), click({ visitor: 8n })];
    await store.append(later, { segment: 1, offset: 16 });
    const told = await store.totalsSince(before, 9);
    expect(told.map((one) => [one.linkId, one.clicks, one.uniqueClicks]).sort()).toEqual([
      ["link_1", 2, 1],
      ["link_2", 1, 1],
    ]);
    await store.close();
  });

  test("is told once, in its place and within the limit", async () => {
    const store = openColumns(temporaryFolder());
    await store.append([click(), click({ linkId: "link_2" })], { segment: 1, offset: 8 });
    const before = (await store.totalsSince(0, 9)).at(-1)!.sequence;
    await store.forget({ workspaceId: "ws_1", linkId: "link_1" });
    await store.append([click({ linkId: "link_2" })], { segment: 1, offset: 16 });
    const [first, ...none] = await store.totalsSince(before, 1);
    expect(first).toMatchObject({ linkId: "link_1", clicks: 0, lastClickedAt: null });
    expect(none).toEqual([]);
    expect(await store.totalsSince(first!.sequence, 9)).toMatchObject([{ linkId: "link_2", clicks: 2 }]);
    expect((await store.totalsSince(0, 9)).map((one) => one.linkId)).toEqual(["link_2"]);
    await store.close();
  });
});
