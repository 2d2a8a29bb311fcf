import type { Database } from "bun:sqlite";
import { countedAs, DAY_MS } from "./counted.ts";

/** What to forget: a link, or a workspace; `before` in milliseconds since 1970, not included. */
export interface Forgotten {
  readonly workspaceId: string;
  readonly linkId?: string;
  readonly before?: number;
}

/** Deletes clicks and counts their links anew from what is left. To be called inside a transaction. */
export function forget(db: Database, { workspaceId, linkId, before }: Forgotten): void {
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
  db.query(`delete from clicks where ${which}`).run(values);
  for (const { link } of links) recount(db, link);
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
