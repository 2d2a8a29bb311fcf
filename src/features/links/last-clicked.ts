import { and, desc, eq, sql } from "drizzle-orm";
import type { Id } from "../../lib/ids.ts";
import { type Context, workspaceOf } from "../../platform/context.ts";
import { reachOf } from "../folders/access.ts";
import { visible } from "./conditions.ts";

/** When a person last followed any link of the workspace, or of one of its domains; null before the first. */
export async function lastClicked(ctx: Context, domainId?: Id<"dom">): Promise<number | null> {
  const { links, linkTotals } = ctx.db.tables;
  const here = eq(linkTotals.workspaceId, workspaceOf(ctx));
  const at = sql`coalesce(${linkTotals.lastClickedAt}, 0)`;
  const seen = visible(ctx, await reachOf(ctx.db.read, ctx));
  const all = ctx.db.read.select({ at: linkTotals.lastClickedAt }).from(linkTotals);
  // A cross join: SQLite then walks the totals in their order until it meets a link of the domain.
  const [row] = await (domainId === undefined && seen === undefined
    ? all.where(here)
    : all
        .crossJoin(links)
        .where(
          and(
            here,
            eq(links.id, linkTotals.linkId),
            domainId === undefined ? undefined : eq(links.domainId, domainId),
            seen,
          ),
        )
  )
    .orderBy(desc(at), desc(linkTotals.linkId))
    .limit(1);
  return row?.at ?? null;
}
