import { and, count, eq, gt, inArray, isNull, or, sql } from "drizzle-orm";
import type { Id } from "../../lib/ids.ts";
import type { Context } from "../../platform/context.ts";
import { isoOf } from "../../platform/schema.ts";
import { isHeld } from "./held.ts";
import type { Usage } from "./model.ts";
import { assertLiveSide } from "./sides.ts";
import { findWorkspace } from "./workspaces.ts";

/** What there is in the workspace, and how often its links were clicked in this month of its time zone. */
export async function readUsage(ctx: Context): Promise<Usage> {
  const id = await assertLiveSide(ctx.db.read, ctx, "usage figures");
  const { row, testId } = await findWorkspace(ctx.db.read, ctx);
  const sides = testId === null ? [id] : [id, testId];
  const { domains, keys, members, invites } = ctx.db.tables;
  const { read } = ctx.db;
  const now = ctx.clock.now();
  const unexpired = or(isNull(keys.expiresAt), gt(keys.expiresAt, now));
  const [live, test, ownDomains, ownKeys, people, invited, clicked] = await Promise.all([
    linksOf(ctx, id),
    testId === null ? noLinks : linksOf(ctx, testId),
    read.$count(domains, eq(domains.workspaceId, id)),
    read.$count(
      keys,
      and(inArray(keys.workspaceId, sides), isNull(keys.revokedAt), unexpired, isHeld(read, ctx)),
    ),
    read.$count(members, eq(members.workspaceId, id)),
    read.$count(
      invites,
      and(eq(invites.workspaceId, id), isNull(invites.endedAt), gt(invites.expiresAt, now)),
    ),
    clicksOfMonth(ctx, id, row.timeZone, now),
  ]);
  return {
    live,
    test,
    domains: ownDomains,
    keys: ownKeys,
    members: people,
    invites: invited,
    month: clicked,
  };
}

const noLinks = { links: 0, archivedLinks: 0, trashedLinks: 0 };

async function linksOf(ctx: Context, workspaceId: Id<"ws">): Promise<Usage["live"]> {
  const { links } = ctx.db.tables;
  const state = sql<string>`case when ${links.deletedAt} is not null then 'trashed' when ${links.archivedAt} is not null then 'archived' else 'used' end`;
  const rows = await ctx.db.read
    .select({ state, total: count() })
    .from(links)
    .where(eq(links.workspaceId, workspaceId))
    .groupBy(state);
  const of = (wanted: string) => Number(rows.find((row) => row.state === wanted)?.total ?? 0);
  return { links: of("used"), archivedLinks: of("archived"), trashedLinks: of("trashed") };
}

async function clicksOfMonth(
  ctx: Context,
  workspaceId: Id<"ws">,
  timeZone: string,
  now: number,
): Promise<Usage["month"]> {
  const from = monthStart(now, timeZone);
  const { rows } = await ctx.clicks.query({
    ...{ workspaceId, from, to: now + 1, timezone: timeZone, where: {}, limit: 1 },
  });
  const { clicks = 0, uniqueClicks = 0, botClicks = 0 } = rows[0] ?? {};
  return { from: isoOf(from), timeZone, clicks, uniqueClicks, botClicks };
}

/** The first moment of the month that a wall clock in this zone shows. */
export const monthStart = (now: number, timeZone: string): number =>
  Temporal.Instant.fromEpochMilliseconds(now).toZonedDateTimeISO(timeZone).with({ day: 1 }).startOfDay()
    .epochMilliseconds;
