import type { Database } from "bun:sqlite";
import type { LinkTotals } from "../store.ts";
import { countedAs, DAY_MS } from "./counted.ts";
import { sweeping } from "./sweep.ts";

/** What to forget: a link, or a workspace; `before` in milliseconds since 1970, not included. */
export interface Forgotten {
  readonly workspaceId: string;
  readonly linkId?: string;
  readonly before?: number;
}

/**
 * Deletes clicks and counts their links anew from what is left. To be called inside a transaction.
 * @returns the links of which no row is left, their totals at zero
 */
export function forget(db: Database, { workspaceId, linkId, before }: Forgotten): LinkTotals[] {
  const which = `
    workspace = (select id from texts where text = $workspaceId) and at < $before
    ${linkId === undefined ? "" : "and link = (select id from links where link = $linkId)"}`;
  const values = {
    workspaceId,
    before: before ?? Number.MAX_SAFE_INTEGER,
    ...(linkId === undefined ? {} : { linkId }),
  };
  const links = db
    .query<{ link: number }, [typeof values]>(`select distinct link from clicks where link > 0 and ${which}`)
    .all(values);
  sweeping(db, { where: which, values }, () => db.query(`delete from clicks where ${which}`).run(values));
  for (const { link } of links) recount(db, link);
  // What only lost its older clicks is in use: its row stays, and its zero is told even after a restart.
  return before === undefined ? bury(db, workspaceId, linkId) : [];
}

function recount(db: Database, link: number): void {
  db.query("update position set sequence = sequence + 1").run();
  db.query(
    `update totals set (clicks, unique_clicks, bot_clicks, last_clicked_at) = (
       select count(*) filter (where counted_as = ${countedAs.click}),
              count(distinct visitor) filter (where counted_as = ${countedAs.click}),
              count(*) filter (where counted_as = ${countedAs.botClick}),
              max(at) filter (where counted_as = ${countedAs.click})
       from clicks where clicks.link = totals.link),
     sequence = (select sequence from position) where link = ?`,
  ).run(link);
  // Whoever was forgotten and comes again today is new again.
  db.query("delete from seen where link = ?").run(link);
  db.query(
    `insert or ignore into seen select at / ${DAY_MS}, link, visitor from clicks
     where link = ? and counted_as = ${countedAs.click} and visitor is not null
       and at >= (select coalesce(min(day), 0) from seen) * ${DAY_MS}`,
  ).run(link);
}

/** Deletes the rows of purged links to which no click refers, those that had lost their last click before too. */
function bury(db: Database, workspaceId: string, linkId: string | undefined): LinkTotals[] {
  const gone = db
    .query<Gone, [string, string | null]>(
      `select links.id, links.link, sequence from links left join totals on totals.link = links.id
       where links.workspace = ?1 and (?2 is null or links.link = ?2)
         and not exists (select 1 from clicks where clicks.link = links.id)`,
    )
    .all(workspaceId, linkId ?? null);
  for (const { id } of gone) {
    // The number may be given out again: nothing may refer to it.
    db.query("delete from totals where link = ?").run(id);
    db.query("delete from seen where link = ?").run(id);
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

interface Gone {
  readonly id: number;
  readonly link: string;
  /** Null for a link whose clicks never counted. */
  readonly sequence: number | null;
}
