import { and, count, desc, eq, inArray, isNull, lt, ne, type SQL, sql } from "drizzle-orm";
import type { Tx } from "../../db/database.ts";
import type { CampaignStatus } from "../../db/schema/organise.ts";
import type { Id } from "../../lib/ids.ts";
import { type Context, workspaceOf } from "../../platform/context.ts";
import type { PageRequest } from "../../platform/paging.ts";
import type { CampaignRow } from "./model.ts";

export type Reader = Pick<Tx, "select">;

export const mine = (ctx: Context): SQL => eq(ctx.db.tables.campaigns.workspaceId, workspaceOf(ctx));

export async function selectCampaign(
  read: Reader,
  ctx: Context,
  id: Id<"camp">,
): Promise<CampaignRow | undefined> {
  const { campaigns } = ctx.db.tables;
  const [row] = await read
    .select()
    .from(campaigns)
    .where(and(mine(ctx), eq(campaigns.id, id)))
    .limit(1);
  return row;
}

/** Newest first. */
export async function selectPage(
  ctx: Context,
  status: CampaignStatus | "any" | undefined,
  { limit, offset, after }: PageRequest,
): Promise<{ rows: CampaignRow[]; total: number }> {
  const { campaigns } = ctx.db.tables;
  const wanted =
    status === "any"
      ? undefined
      : status === undefined
        ? ne(campaigns.status, "archived")
        : eq(campaigns.status, status);
  const where = and(mine(ctx), wanted);
  const beyond = after ? lt(campaigns.id, after.id as Id<"camp">) : undefined;
  const [counted] = await ctx.db.read.select({ total: count() }).from(campaigns).where(where);
  const rows = await ctx.db.read
    .select()
    .from(campaigns)
    .where(and(where, beyond))
    .orderBy(desc(campaigns.id))
    .limit(limit + 1)
    .offset(offset);
  return { rows, total: counted?.total ?? 0 };
}

/** Those with a text in their name, newest first. */
export async function selectContaining(ctx: Context, key: string, limit: number): Promise<CampaignRow[]> {
  const { campaigns } = ctx.db.tables;
  const like = `%${key.replace(/[\\%_]/g, "\\$&")}%`;
  return ctx.db.read
    .select()
    .from(campaigns)
    .where(and(mine(ctx), sql`${campaigns.nameKey} like ${like} escape '\\'`))
    .orderBy(desc(campaigns.id))
    .limit(limit);
}

/** How many links belong to each, those in the trash left out. */
export async function countLinks(
  read: Reader,
  ctx: Context,
  ids: readonly Id<"camp">[],
): Promise<Map<string, number>> {
  if (ids.length === 0) return new Map();
  const { links } = ctx.db.tables;
  const rows = await read
    .select({ id: links.campaignId, links: count() })
    .from(links)
    .where(
      and(
        eq(links.workspaceId, workspaceOf(ctx)),
        inArray(links.campaignId, [...ids]),
        isNull(links.deletedAt),
      ),
    )
    .groupBy(links.campaignId);
  return new Map(rows.map(({ id, links: number }) => [id ?? "", number]));
}

/** Whether any link belongs to it, the trash included. */
export async function hasLinks(read: Reader, ctx: Context, id: Id<"camp">): Promise<boolean> {
  const { links } = ctx.db.tables;
  const inside = and(eq(links.workspaceId, workspaceOf(ctx)), eq(links.campaignId, id));
  return (await read.select({ id: links.id }).from(links).where(inside).limit(1)).length > 0;
}
