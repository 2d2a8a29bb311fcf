import { openSqlite } from "../../src/db/sqlite.ts";
import { sortFields } from "../../src/features/links/filter.ts";
import { countLinks, listLinks } from "../../src/features/links/list.ts";
import { silentLog } from "../../src/lib/log.ts";
import type { Context } from "../../src/platform/context.ts";
import type { PageRequest } from "../../src/platform/paging.ts";
import { freshSqlite, idleThreads } from "../support/sqlite.ts";
import { type Bench, type Measure, median } from "./measure.ts";

const LINKS = 100_000;
const ROUNDS = 7;
/** A list is read on the main thread: so long does every redirect wait that comes meanwhile. */
const BUDGET_MS = 15;

/** Pages of a workspace of 100,000 links, three quarters of which were ever clicked. Milliseconds of the main thread. */
export const bench: Bench = {
  about: "lists of 100,000 links on SQLite: first page, far into the walk, count",
  async run() {
    const db = await openSqlite({
      path: freshSqlite(),
      clock: { now: () => 1 },
      log: silentLog,
      startThreads: idleThreads,
    });
    await fill(db);
    const ctx = {
      db,
      actor: { kind: "key", id: "key_1", workspaceId: "ws_1", permissions: new Set() },
      clock: { now: () => 5e12 },
      baseUrl: () => "https://links.test",
    } as unknown as Context;
    const measures: Measure[] = [];
    const add = async (what: string, work: () => Promise<unknown>, budget = true) =>
      measures.push({
        what,
        value: await worth(work),
        unit: "ms",
        ...(budget && { budget: { max: BUDGET_MS } }),
      });
    const first: PageRequest = { page: 1, limit: 20, offset: 0, after: null };
    for (const sortBy of sortFields)
      for (const sortOrder of ["desc", "asc"] as const) {
        const sort = { sortBy, sortOrder };
        await add(`by ${sortBy} ${sortOrder}, first page`, () => listLinks(ctx, {}, sort, first));
        const far = await listLinks(ctx, {}, sort, { ...first, limit: 100, offset: 40_000 });
        const request = { ...first, after: far.next };
        await add(`by ${sortBy} ${sortOrder}, from row 40,100 by cursor`, () =>
          listLinks(ctx, {}, sort, request),
        );
      }
    await add("count", () => countLinks(ctx, {}));
    await add("count of the trash", () => countLinks(ctx, { deleted: true }));
    await add("count of a domain", () => countLinks(ctx, { domain: "dom_1" }));
    await add("count with clicksMin=100", () => countLinks(ctx, { clicksMin: 100 }), false);
    await add("search for a word", () => countLinks(ctx, { search: "needle" }), false);
    await db.close();
    return measures;
  },
};

async function worth(work: () => Promise<unknown>): Promise<number> {
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    // Time on a core, so that what else the machine does falls on nobody.
    const began = process.cpuUsage();
    await work();
    const { user, system } = process.cpuUsage(began);
    times.push((user + system) / 1000);
  }
  return median(times);
}

async function fill(db: Awaited<ReturnType<typeof openSqlite>>): Promise<void> {
  const { workspaces, domains, links, linkTotals } = db.tables;
  await db.transaction(async (tx) => {
    const at = { createdAt: 1, updatedAt: 1 };
    await tx.insert(workspaces).values({ id: "ws_1", name: "", defaultDomainId: "dom_1", ...at });
    await tx.insert(domains).values({
      ...{ id: "dom_1" as const, workspaceId: "ws_1" as const, host: "go.test", slugLength: 8, ...at },
      ...{ caseSensitive: false, rootUrl: null, notFoundUrl: null, expiredUrl: null },
    });
  });
  for (let from = 0; from < LINKS; from += 500)
    await db.transaction(async (tx) => {
      const rows = Array.from({ length: 500 }, (_, i) => linkOf(from + i));
      await tx.insert(links).values(rows);
      const clicked = rows;
      await tx.insert(linkTotals).values(
        clicked.map(({ id }, i) => ({
          linkId: id,
          workspaceId: "ws_1" as const,
          shelf: 0,
          clicks: i % 4 === 0 ? 0 : mixed(from + i) % 1000,
          uniqueClicks: mixed(from + i + 1) % 500,
          botClicks: mixed(from + i + 2) % 100,
          lastClickedAt: 1_700_000_000_000 + mixed(from + i),
          sequence: from + i,
        })),
      );
    });
}

const mixed = (n: number): number => Math.imul(n + 1, 2_654_435_761) >>> 0;

const linkOf = (n: number) => ({
  id: `link_01k${String(n).padStart(23, "0")}` as const,
  workspaceId: "ws_1" as const,
  domainId: "dom_1" as const,
  slug: `s${mixed(n).toString(36)}`,
  slugKey: `s${mixed(n).toString(36)}`,
  destinationUrl: `https://example.com/${"path/".repeat(10)}${n}`,
  destinationHash: String(n),
  title: n % 3 === 0 ? null : `Title ${mixed(n) % 5000}`,
  description: null,
  externalId: null,
  redirectStatus: 302,
  forwardQuery: true,
  expiresAt: n % 5 === 0 ? 1_800_000_000_000 + (mixed(n) % 1e9) : null,
  expiredUrl: null,
  clicksLimit: null,
  searchText: `s${mixed(n).toString(36)} https://example.com/${"path/".repeat(10)}${n}`,
  version: 1,
  createdBy: "key_1",
  archivedAt: n % 100 === 1 ? 1 : null,
  deletedAt: n % 100 === 2 ? 1 : null,
  createdAt: 1_700_000_000_000 + n * 1000,
  updatedAt: 1_700_000_000_000 + mixed(n),
});
