import { Database as Connection } from "bun:sqlite";
import { openSqlite } from "../../src/db/sqlite.ts";
import { countLinks, listLinks } from "../../src/features/links/list.ts";
import { rankedLinks } from "../../src/features/links/ranked.ts";
import { searchText } from "../../src/features/links/words.ts";
import { silentLog } from "../../src/lib/log.ts";
import type { Context } from "../../src/platform/context.ts";
import type { PageRequest } from "../../src/platform/paging.ts";
import { freshSqlite, idleThreads } from "../support/sqlite.ts";
import { type Bench, type Measure, median } from "./measure.ts";

const LINKS = Number(process.env["BENCH_LINKS"] ?? 1_000_000);
const ROUNDS = 5;
const BUDGET_MS = 30;
const FOLDERS = 40;
const CAMPAIGNS = 20;
const TAGS = 30;

/** A workspace of a million links: what it costs to write the index of words, and what lists and searches take. */
export const bench: Bench = {
  about: "search, lists and filters over 1,000,000 links on SQLite; the cost of the index of words",
  async run() {
    const measures: Measure[] = await indexCost();
    const path = freshSqlite();
    fill(path, LINKS, { indexed: true, careless: true });
    const db = await openSqlite({
      path,
      clock: { now: () => 1 },
      log: silentLog,
      startThreads: idleThreads,
    });
    const ctx = {
      db,
      actor: {
        kind: "system",
        id: "x",
        workspaceId: WS,
        permissions: new Set(),
        person: null,
        application: null,
      },
      clock: { now: () => 5e12 },
      baseUrl: () => "https://links.test",
    } as unknown as Context;
    const first: PageRequest = { page: 1, limit: 20, offset: 0, after: null };
    const newest = { sortBy: "createdAt", sortOrder: "desc" } as const;
    const clicked = { sortBy: "clicks", sortOrder: "desc" } as const;
    const kinds: Record<string, (() => Promise<unknown>)[]> = {
      "search as one types": typed.map((text) => () => rankedLinks(ctx, text, 20)),
      "list by search, newest first": typed.map((search) => () => listLinks(ctx, { search }, newest, first)),
      "list by search, most clicks first": typed.map(
        (search) => () => listLinks(ctx, { search }, clicked, first),
      ),
      "list, any order": (
        ["createdAt", "updatedAt", "slug", "title", "clicks", "lastClickedAt"] as const
      ).map((sortBy) => () => listLinks(ctx, {}, { sortBy, sortOrder: "desc" }, first)),
      "list by folder, campaign or tag": [
        ...[0, 1, 7, 39].map((n) => ({ folderId: folderOf(n) })),
        ...[0, 3, 19].map((n) => ({ campaignId: campaignOf(n) })),
        ...[0, 1, 9, 29].map((n) => ({ tag: `tag ${n}` })),
        { tag: "tag 0,tag 1", tagMode: "all" } as const,
        { folderId: folderOf(1), search: "summer" },
      ].flatMap((filter) => [newest, clicked].map((sort) => () => listLinks(ctx, filter, sort, first))),
      "count of a folder, a campaign, a tag": [
        { folderId: folderOf(0) },
        { campaignId: campaignOf(0) },
        { tag: "tag 0" },
      ].map((filter) => () => countLinks(ctx, filter)),
    };
    for (const [what, calls] of Object.entries(kinds)) {
      const times: { ms: number; call: number }[] = [];
      for (const [call, work] of calls.entries())
        for (let round = 0; round < ROUNDS; round++) times.push({ ms: await worth(work), call });
      times.sort((a, b) => a.ms - b.ms);
      const worst = times.at(-1)!;
      measures.push(
        { what: `${what}: middle`, value: times[times.length >> 1]!.ms, unit: "ms" },
        {
          what: `${what}: p95`,
          value: times[Math.floor(times.length * 0.95)]!.ms,
          unit: "ms",
          ...(what.startsWith("count") ? {} : { budget: { max: BUDGET_MS } }),
        },
        { what: `${what}: worst (call ${worst.call + 1} of ${calls.length})`, value: worst.ms, unit: "ms" },
      );
    }
    await db.close();
    return measures;
  },
};

/** What people type: beginnings of common, less common and rare words, several words, slugs, addresses, nothing there. */
const typed = [
  ...["sum", "summ", "summer", "exa", "example", "example.com", "cam", "campaign", "shop", "lan", "landing"],
  ...["title", "n0", "n1", "n4711", "n99", "n123456", "tag 1", "news", "newsletter spring", "utm_source"],
  ...["summer 99", "summer n4711", "example.com/landing", "shop2.example landing n77", "blog winter summer"],
  ...[
    "s4",
    "sab",
    "s7k",
    "nothing here",
    "zzzz",
    "go.test/s1abc",
    "12345",
    "w17",
    "w250",
    "w17 w3",
    "w250 shop1",
  ],
];

const WS = "ws_01jd0000000000000000k3f9zq";
const folderOf = (n: number) => `fold_${String(n).padStart(26, "0")}`;
const campaignOf = (n: number) => `camp_${String(n).padStart(26, "0")}`;
const tagOf = (n: number) => `tag_${String(n).padStart(26, "0")}`;

async function worth(work: () => Promise<unknown>): Promise<number> {
  // Time on a core, so that what else the machine does falls on nobody.
  const began = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(began);
  return (user + system) / 1000;
}

/** The same links with the index of words and without it, and the words alone. */
async function indexCost(): Promise<Measure[]> {
  const some = Math.min(LINKS, 40_000);
  const costs: Record<string, number[]> = { with: [], without: [], words: [] };
  for (let round = 0; round < 3; round++) {
    costs["with"]!.push(fill(freshSqlite(), some, { indexed: true }));
    costs["without"]!.push(fill(freshSqlite(), some, { indexed: false }));
    const began = process.cpuUsage();
    for (let n = 0; n < some; n++) searchText(textOf(n));
    const { user, system } = process.cpuUsage(began);
    costs["words"]!.push((user + system) / some);
  }
  const index = median(costs["with"]!) - median(costs["without"]!);
  return [
    { what: "a link's row and its indexes, without words", value: median(costs["without"]!), unit: "µs" },
    { what: "the index of words on top, 500 links a commit", value: index, unit: "µs" },
    { what: "putting the words together", value: median(costs["words"]!), unit: "µs" },
  ];
}

const words = [
  "summer",
  "winter",
  "spring",
  "sale",
  "news",
  "newsletter",
  "launch",
  "shop",
  "event",
  "offer",
];
const mixed = (n: number): number => Math.imul(n + 1, 2_654_435_761) >>> 0;

const textOf = (n: number) => ({
  slug: `s${mixed(n).toString(36)}`,
  destinationUrl: `https://www.shop${n % 20}.example.com/landing/${words[mixed(n) % 10]}/n${n}?utm_source=w${mixed(n + 5) % 300}&utm_campaign=campaign`,
  title:
    n % 3 === 0
      ? null
      : `Title w${Math.floor(300 * (mixed(n + 9) / 2 ** 32) ** 3)} ${words[mixed(n + 3) % 10]}`,
  externalId: null,
  tagIds: (n % 4 === 0 ? [tagOf(mixed(n) % TAGS)] : []) as `tag_${string}`[],
  description: null,
  notes: null,
});

/** Writes links as `insertLink` does; answers µs of a core for each. Careless, it is ready sooner. */
function fill(
  path: string,
  count: number,
  { indexed, careless }: { readonly indexed: boolean; readonly careless?: boolean },
): number {
  const db = new Connection(path, { strict: true });
  db.run(`pragma journal_mode = ${careless ? "off" : "wal"}`);
  db.run(`pragma synchronous = ${careless ? "off" : "normal"}`);
  db.run(`pragma cache_size = -${careless ? 400_000 : 65_536}`);
  if (!indexed) db.run("drop trigger links_search_insert");
  plant(db);
  const insert = inserter(db);
  const rows = Array.from({ length: 500 });
  let micros = 0;
  for (let from = 0; from < count; from += rows.length) {
    const batch = rows.map((_, i) => ({
      n: from + i,
      text: textOf(from + i),
      search: searchText(textOf(from + i)),
    }));
    const began = process.cpuUsage();
    db.run("begin immediate");
    for (const one of batch) insert(one.n, one.text, one.search);
    db.run("commit");
    const { user, system } = process.cpuUsage(began);
    micros += user + system;
  }
  if (careless) db.run("pragma journal_mode = wal");
  db.close();
  return micros / count;
}

function plant(db: Connection): void {
  const at = "created_at, updated_at";
  db.run(`insert into workspaces (id, name, default_domain_id, ${at}) values ('${WS}', '', 'dom_1', 1, 1)`);
  db.run(
    `insert into domains (id, workspace_id, host, case_sensitive, slug_length, ${at}) values ('dom_1', '${WS}', 'go.test', 0, 8, 1, 1)`,
  );
  for (let n = 0; n < TAGS; n++)
    db.run(
      `insert into tags (id, workspace_id, name, name_key, color, created_by, ${at}) values ('${tagOf(n)}', '${WS}', 'tag ${n}', 'tag ${n}', 'gray', 'x', 1, 1)`,
    );
  for (let n = 0; n < FOLDERS; n++)
    db.run(
      `insert into folders (id, workspace_id, name, name_key, created_by, ${at}) values ('${folderOf(n)}', '${WS}', 'f${n}', 'f${n}', 'x', 1, 1)`,
    );
}

function inserter(db: Connection) {
  const link = db.prepare(
    `insert into links (id, workspace_id, domain_id, slug, slug_key, destination_url, destination_hash, title, redirect_status,
       forward_query, folder_id, campaign_id, search_text, version, created_by, created_at, updated_at)
     values (?, '${WS}', 'dom_1', ?, ?, ?, ?, ?, 302, 1, ?, ?, ?, 1, 'key_1', ?, ?)`,
  );
  const totals = db.prepare(
    `insert into link_totals (link_id, workspace_id, shelf, clicks, unique_clicks, bot_clicks, last_clicked_at, sequence)
     values (?, '${WS}', 0, ?, 0, 0, ?, ?)`,
  );
  const tag = db.prepare(
    `insert into link_tags (link_id, tag_id, workspace_id, position, shelf) values (?, ?, '${WS}', 0, 0)`,
  );
  return (n: number, text: ReturnType<typeof textOf>, search: string): void => {
    const id = `link_01k${String(n).padStart(23, "0")}`;
    link.run(
      ...[id, text.slug, text.slug, text.destinationUrl, String(mixed(n + 8)), text.title],
      ...[folderFor(n), n % 7 === 0 ? campaignOf(skewed(n, CAMPAIGNS)) : null, search],
      ...[1_700_000_000_000 + n * 100, 1_700_000_000_000 + mixed(n)],
    );
    totals.run(id, n % 4 === 0 ? 0 : mixed(n) % 1000, 1_700_000_000_000 + mixed(n), n);
    for (const one of text.tagIds) tag.run(id, one);
  };
}

/** Folders and campaigns of very different sizes. */
const skewed = (n: number, count: number): number => Math.floor(count * (mixed(n + 1) / 2 ** 32) ** 2);
function folderFor(n: number): string | null {
  if (n % 10 === 0) return folderOf(skewed(n, FOLDERS));
  return n % 3 === 1 ? folderOf(0) : null;
}
