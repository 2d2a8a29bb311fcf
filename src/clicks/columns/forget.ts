import type { Database } from "bun:sqlite";
import type { LinkTotals } from "../store.ts";
import { type Batch, pick, placesWhere } from "./batch.ts";
import { type Block, type Blocks, isDamage } from "./blocks.ts";
import { placeIn } from "./indexed.ts";
import { count, type Sources } from "./query.ts";
import { filterOf } from "./scan.ts";
import { take } from "./seal.ts";
import { sweep } from "./sweep.ts";
import { openTally } from "./tally.ts";

/** What to forget: a link, or a workspace; `before` in milliseconds since 1970, not included. */
export interface Forgotten {
  readonly workspaceId: string;
  readonly linkId?: string;
  readonly before?: number;
}

/** Numbers that clicks had which are gone. */
export interface Gone {
  readonly links: Set<number>;
  readonly referrers: Set<number>;
  readonly campaigns: Set<number>;
}

/**
 * Writes blocks anew without the clicks to be forgotten, and counts their links anew. To be called inside a transaction,
 * with an empty tail.
 * @returns the links of which no row is left, their totals at zero
 */
export function forget(sources: Sources, { workspaceId, linkId, before }: Forgotten): LinkTotals[] {
  const { db, blocks } = sources;
  const workspace = numberOf(db, "select id from texts where text = ?", workspaceId);
  const link = linkId === undefined ? null : numberOf(db, "select id from links where link = ?", linkId);
  const gone: Gone = { links: new Set(), referrers: new Set(), campaigns: new Set() };
  const until = before ?? Number.MAX_SAFE_INTEGER;
  // What is unknown has no clicks; 0 in blocks is what belongs to nobody.
  const affected = workspace === 0 || link === 0 ? [] : blocks.of(workspace, 0, until);
  for (const block of affected) forgetIn(blocks, block, link, until, gone);
  if (workspace !== 0 && link === null) blocks.removeDamaged(workspace, until);
  sweep(db, blocks, gone);
  gone.links.delete(0);
  recount(sources, workspace, gone.links);
  // What only lost its older clicks is in use: its row stays, and its zero is told even after a restart.
  return before === undefined ? bury(db, workspaceId, linkId) : [];
}

const numberOf = (db: Database, sql: string, text: string): number =>
  db.query<{ id: number }, [string]>(sql).get(text)?.id ?? 0;

function forgetIn(blocks: Blocks, block: Block, link: number | null, until: number, gone: Gone): void {
  if (link === null && block.last < until) {
    forgetAll(blocks, block, gone);
    return;
  }
  if (link !== null && !mayHold(blocks, block, link)) return;
  const batch = take(blocks, block);
  if (batch === null) return;
  const { at, numbers } = batch;
  const isDoomed = (i: number): boolean => at[i]! < until && (link === null || numbers.link[i] === link);
  note(pick(batch, placesWhere(batch.count, isDoomed)), gone);
  const left = placesWhere(batch.count, (i) => !isDoomed(i));
  if (left.length > 0) blocks.write(block.workspace, pick(batch, left));
}

function note({ numbers }: Batch, gone: Gone): void {
  for (const link of numbers.link) gone.links.add(link);
  for (const referrer of numbers.referrer) gone.referrers.add(referrer);
  for (const campaign of numbers.campaign) gone.campaigns.add(campaign);
}

/** A whole block goes without being read but for its dictionaries. */
function forgetAll(blocks: Blocks, block: Block, gone: Gone): void {
  const part = blocks.part(block);
  try {
    for (const link of part.dictionary("link")) gone.links.add(link);
    for (const referrer of part.dictionary("referrer")) gone.referrers.add(referrer);
    for (const campaign of part.dictionary("campaign")) gone.campaigns.add(campaign);
  } catch (error) {
    if (!isDamage(error)) throw error;
  }
  blocks.remove(block);
}

function mayHold(blocks: Blocks, block: Block, link: number): boolean {
  try {
    return placeIn(blocks.part(block).dictionary("link"), link) >= 0;
  } catch (error) {
    if (!isDamage(error)) throw error;
    blocks.setAside(block, error);
    return false;
  }
}

/** Counts links of a workspace anew from the clicks that are left. */
function recount(sources: Sources, workspace: number, links: ReadonlySet<number>): void {
  if (links.size === 0) return;
  const { db } = sources;
  const tally = openTally(0);
  const plan = {
    workspace,
    from: 0,
    to: Number.MAX_SAFE_INTEGER,
    filters: [filterOf("link", [...links])],
    grouping: {
      column: "link" as const,
      groupsOf: (dictionary: Uint32Array) => dictionary.map((link) => tally.groupOf(link)),
    },
    needsUniques: true,
    needsLast: true,
  };
  count(sources, plan, tally);
  const next = db.prepare<{ sequence: number }, []>(
    "update position set sequence = sequence + 1 returning sequence",
  );
  const update = db.prepare<unknown, [number, number, number, number | null, number, number]>(
    `update totals set clicks = ?, unique_clicks = ?, bot_clicks = ?, last_clicked_at = ?, sequence = ?
     where link = ?`,
  );
  for (const link of links) {
    const group = tally.groupOf(link);
    const { clicks, uniqueClicks, botClicks } = tally.of(group);
    update.run(clicks, uniqueClicks, botClicks, tally.last.get(group) ?? null, next.get()!.sequence, link);
  }
}

/** Deletes the rows of purged links, those that had lost their last click before too. */
function bury(db: Database, workspaceId: string, linkId: string | undefined): LinkTotals[] {
  const gone = db
    .query<Buried, [string, string | null]>(
      `select links.id, links.link, sequence from links left join totals on totals.link = links.id
       where links.workspace = ?1 and (?2 is null or links.link = ?2)`,
    )
    .all(workspaceId, linkId ?? null);
  for (const { id } of gone) {
    // The number may be given out again: nothing may refer to it.
    db.query("delete from totals where link = ?").run(id);
    db.query("delete from links where id = ?").run(id);
  }
  return gone.flatMap(({ link, sequence }) =>
    sequence === null
      ? []
      : [
          {
            linkId: link,
            workspaceId,
            clicks: 0,
            uniqueClicks: 0,
            botClicks: 0,
            lastClickedAt: null,
            sequence,
          },
        ],
  );
}

interface Buried {
  readonly id: number;
  readonly link: string;
  /** Null for a link whose clicks never counted. */
  readonly sequence: number | null;
}
