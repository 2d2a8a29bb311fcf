import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import rowsSql from "../../migrations/clicks/0001_rows.sql" with { type: "text" };
import { numbers } from "../../src/clicks/columns/batch.ts";
import type { Report } from "../../src/clicks/columns/blocks.ts";
import { openColumns } from "../../src/clicks/columns/store.ts";
import { openTail } from "../../src/clicks/columns/tail.ts";
import { click, DAY_MS, question, T } from "../contracts/click-questions.ts";
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

/** Clicks of so many links each, on so many days, handed over in small batches. */
async function filled(folder: string, { days = 1, batches = 30, tailMax = 40 } = {}, report?: Report) {
  const store = openColumns(folder, { tailMax, ...(report === undefined ? {} : { report }) });
  for (let i = 0; i < batches; i++) {
    const at = T + Math.floor((i * days) / batches) * DAY_MS + i;
    const batch = Array.from({ length: 20 }, (_, k) => click({ at, linkId: `link_${k % 5}` }));
    await store.append(batch, { segment: 1, offset: 8 * (i + 1) });
  }
  return store;
}

const sqlOn = <Row>(folder: string, sql: string): Row[] => {
  const db = new Database(join(folder, "clicks.db"));
  const rows = db.query<Row, []>(sql).all();
  db.close();
  return rows;
};

describe("blocks", () => {
  type Row = { clicks: number; first: number; last: number };
  const blocksIn = (folder: string) => sqlOn<Row>(folder, "select clicks, first, last from blocks");

  test("are joined as they come: their number does not grow with the batches", async () => {
    const folder = temporaryFolder();
    await (await filled(folder, { batches: 300 })).close();
    const blocks = blocksIn(folder);
    expect(blocks.length).toBeLessThanOrEqual(8);
    expect(blocks.reduce((sum, { clicks }) => sum + clicks, 0)).toBe(6000);
  });

  test("of small days are shared by several", async () => {
    const folder = temporaryFolder();
    await (await filled(folder, { days: 20, batches: 60 })).close();
    expect(blocksIn(folder).length).toBeLessThanOrEqual(6);
  });

  test("hold no more than the limit, of a batch however large", async () => {
    const folder = temporaryFolder();
    const store = openColumns(folder);
    const many = Array.from({ length: 150_000 }, () => click());
    await store.append(many, { segment: 1, offset: 8 });
    const { rows } = await store.query(question());
    expect(rows).toMatchObject([{ all: 150_000, uniqueClicks: 150_000 }]);
    await store.close();
    expect(
      blocksIn(folder)
        .map(({ clicks }) => clicks)
        .sort(),
    ).toEqual([18_928, 65_536, 65_536]);
  });
});

test("a question about one link reads nothing of blocks without it", async () => {
  const folder = temporaryFolder();
  const store = openColumns(folder, { tailMax: 1 });
  for (const [i, linkId] of ["link_1", "link_2"].entries()) {
    const clicks = Array.from({ length: 9000 }, (_, k) => click({ linkId, at: T + i * DAY_MS + k }));
    await store.append(clicks, { segment: 1, offset: 8 * (i + 1) });
  }
  await store.close();
  // Whatever else would be read of it is damaged.
  const [other] = sqlOn<{ id: number }>(folder, "select max(id) as id from blocks");
  const theirs = `id / 32 = ${other!.id} and id % 32 <> ${numbers.indexOf("link")}`;
  sqlOn(folder, `update columns set dictionary = x'00', data = x'00' where ${theirs}`);
  const again = openColumns(folder);
  const whole = question({ from: T, to: T + 9 * DAY_MS });
  const { rows, partial } = await again.query({ ...whole, where: { link: ["link_1"] } });
  expect([rows[0]!.uniqueClicks, partial]).toEqual([9000, undefined]);
  expect((await again.query(whole)).partial).toBe(true);
  await again.close();
});

test("clicks are counted, and asked for, while they cannot be sealed", async () => {
  const folder = temporaryFolder();
  const told: string[] = [];
  const store = openColumns(folder, { tailMax: 50, report: (message) => told.push(message) });
  sqlOn(folder, "create trigger refuse before insert on blocks begin select raise(abort, 'refused'); end");
  const append = (offset: number) =>
    store.append(
      Array.from({ length: 30 }, () => click()),
      { segment: 1, offset },
    );
  for (const offset of [8, 16, 24]) await append(offset);
  expect(told).toEqual(["Clicks could not be brought into blocks; they are counted all the same"]);
  expect((await store.query(question())).rows).toMatchObject([{ clicks: 90, uniqueClicks: 90 }]);
  sqlOn(folder, "drop trigger refuse");
  for (const offset of [32, 40]) await append(offset);
  expect((await store.query(question())).rows).toMatchObject([{ clicks: 150, uniqueClicks: 150 }]);
  expect(await store.totals(["link_1"])).toMatchObject([{ clicks: 150, uniqueClicks: 150 }]);
  await store.close();
  expect(sqlOn(folder, "select clicks from blocks")).toHaveLength(1);
});

describe("damage", () => {
  const all = question({ from: 0, to: Number.MAX_SAFE_INTEGER });

  test("of a block is told once; the rest answers, and says that it is not all", async () => {
    const folder = temporaryFolder();
    await (await filled(folder, { days: 2, batches: 30, tailMax: 1 })).close();
    const [first] = sqlOn<{ id: number; clicks: number }>(
      folder,
      "select id, clicks from blocks order by first",
    );
    // The last byte of what says how a click was counted.
    const column = first!.id * 32 + numbers.indexOf("counted");
    sqlOn(
      folder,
      `update columns set dictionary = cast(substr(dictionary, 1, length(dictionary) - 1) || x'7f' as blob) where id = ${column}`,
    );
    const told: string[] = [];
    const store = openColumns(folder, { report: (message) => told.push(message) });
    for (let round = 0; round < 2; round++) {
      const { rows, partial } = await store.query(all);
      expect(rows[0]!.all).toBe(600 - first!.clicks);
      expect(partial).toBe(true);
    }
    expect(told).toHaveLength(1);
    const later = await store.query({ ...all, from: T + 1.5 * DAY_MS });
    expect(later.partial).toBeUndefined();
    // What follows is kept and counted, and the damaged block goes with its workspace.
    await store.append([click({ at: T + DAY_MS })], { segment: 1, offset: 9999 });
    expect((await store.query(all)).rows[0]!.all).toBe(601 - first!.clicks);
    await store.forget({ workspaceId: "ws_1" });
    expect(await store.query(all)).toMatchObject({ rows: [{ all: 0 }], exact: true });
    expect((await store.query(all)).partial).toBeUndefined();
    await store.close();
  });

  test("of the tail is told, and what is appended later counts", async () => {
    const folder = temporaryFolder();
    await (await filled(folder, { batches: 3, tailMax: 1000 })).close();
    sqlOn(folder, "update tail set data = cast(substr(data, 1, length(data) - 3) as blob)");
    const told: string[] = [];
    const store = openColumns(folder, { report: (message) => told.push(message) });
    await store.append([click()], { segment: 1, offset: 9999 });
    expect(await store.query(all)).toMatchObject({ rows: [{ all: 1 }], partial: true });
    expect(new Set(told).size).toBe(1);
    await store.close();
  });
});

test("clicks that an earlier version kept as rows are carried over, all of them and once", async () => {
  const folder = temporaryFolder();
  const before = await filled(folder, { batches: 4, tailMax: 1000 });
  const wanted = await before.query(question({ groupBy: "link" }));
  await before.close();
  asRows(folder);
  await openColumns(folder).close();
  const store = openColumns(folder);
  expect(await store.query(question({ groupBy: "link" }))).toEqual(wanted);
  // A visitor who was counted as a row is not new as a column.
  await store.append([click({ linkId: "link_1", visitor: 1n })], { segment: 2, offset: 8 });
  await store.append([click({ linkId: "link_1", visitor: 1n })], { segment: 2, offset: 16 });
  expect(await store.totals(["link_1"])).toMatchObject([{ clicks: 18, uniqueClicks: 17 }]);
  const { rows } = await store.query(question({ where: { link: ["link_1"] } }));
  expect(rows).toMatchObject([{ clicks: 18, uniqueClicks: 17 }]);
  await store.close();
  expect(sqlOn(folder, "select name from sqlite_schema where name in ('clicks', 'seen')")).toEqual([]);
});

/** Puts a store back into the form of migration 0002: rows, made of what is in its tail. */
function asRows(folder: string): void {
  const db = new Database(join(folder, "clicks.db"), { strict: true });
  const batches = openTail(db, () => {}).batches();
  const [first] = rowsSql.match(/create table clicks[^;]*;/)!;
  const [seen] = rowsSql.match(/create table seen[^;]*;/)!;
  for (const table of ["blocks", "columns", "tail"]) db.run(`drop table ${table}`);
  db.run(first!);
  db.run(seen!);
  db.run("delete from migrations where number = 3");
  const insert = db.prepare(`insert into clicks values (${Array(19).fill("?").join(", ")})`);
  for (const { count, at, visitor, numbers: n } of batches)
    for (let i = 0; i < count; i++) {
      const words = [visitor[2 * i]!, visitor[2 * i + 1]!].map((word) => BigInt.asUintN(32, BigInt(word)));
      const of = (name: (typeof numbers)[number]) => n[name][i]!;
      const hash = BigInt.asIntN(64, words[0]! | (words[1]! << 32n));
      const order = [
        "link",
        "version",
        "outcome",
        "trigger",
        "rule",
        "variant",
        "verdict",
        "reason",
      ] as const;
      insert.run(
        ...[at[i]!, String(i).padStart(16, "0"), of("workspace"), of("domain"), ...order.map(of)],
        ...[of("counted"), hash, of("network"), of("agent"), of("referrer"), of("language"), of("campaign")],
      );
    }
  db.close();
}

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

  test("of what nobody knows takes nothing from domains without a workspace", async () => {
    const folder = temporaryFolder();
    const store = openColumns(folder);
    await store.append([click({ workspaceId: "", linkId: "" }), click()], { segment: 1, offset: 8 });
    await store.forget({ workspaceId: "ws_unknown" });
    await store.forget({ workspaceId: "ws_1", linkId: "link_unknown" });
    await store.close();
    expect(rowsIn(folder)).toEqual([1, 1, 2]);
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
