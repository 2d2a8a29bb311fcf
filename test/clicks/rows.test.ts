import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { join } from "node:path";
import { openRows } from "../../src/clicks/rows/store.ts";
import { click } from "../contracts/click-questions.ts";
import { clickStoreContract } from "../contracts/click-store.ts";
import { temporaryFolder } from "./support/journal.ts";

clickStoreContract("rows", { open: async (folder) => openRows(folder), newFolder: temporaryFolder });

test("a batch that fails half way leaves nothing behind, and can be handed over again", async () => {
  const folder = temporaryFolder();
  const store = openRows(folder);
  const broken = { ...click(), linkVersion: "one" as unknown as number };
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
  await openRows(folder).close();
  const change = (sql: string) => {
    const db = new Database(join(folder, "clicks.db"));
    db.run(sql);
    db.close();
  };
  change("insert into migrations values (99, '0099_later', 'x')");
  expect(() => openRows(folder)).toThrow("newer version");
  change("delete from migrations where number = 99");
  change("update migrations set checksum = 'other'");
  expect(() => openRows(folder)).toThrow("not the one that was applied");
});

test("only the newest days of visitors are kept", async () => {
  const folder = temporaryFolder();
  const store = openRows(folder);
  const DAY_MS = 86_400_000;
  for (let day = 0; day < 10; day++)
    await store.append([click({ at: Date.UTC(2026, 0, 1 + day) })], { segment: 1, offset: 8 * (day + 1) });
  await store.close();
  const db = new Database(join(folder, "clicks.db"), { readonly: true });
  const days = db.query<{ day: number }, []>("select distinct day from seen order by day").all();
  expect(days.map(({ day }) => day)).toEqual([7, 8, 9].map((day) => Date.UTC(2026, 0, 1 + day) / DAY_MS));
  db.close();
});

test("a question about one link is not answered by reading the whole workspace", async () => {
  const store = openRows(temporaryFolder());
  const clicks = Array.from({ length: 60_000 }, (_, i) =>
    click({ linkId: i < 20 ? "link_rare" : "link_often" }),
  );
  await store.append(clicks, { segment: 1, offset: 8 });
  const took = async (linkId: string) => {
    const began = Bun.nanoseconds();
    for (let round = 0; round < 5; round++)
      await store.query({
        workspaceId: "ws_1",
        from: 0,
        to: Number.MAX_SAFE_INTEGER,
        timezone: "UTC",
        where: { link: [linkId] },
        groupBy: "browser",
        limit: 5,
      });
    return Bun.nanoseconds() - began;
  };
  await took("link_rare");
  expect((await took("link_rare")) * 10).toBeLessThan(await took("link_often"));
  await store.close();
});
