import { eq, inArray } from "drizzle-orm";
import type { PurgeStep } from "../workspaces/purge.ts";

/** Few, because SQLite runs on the main thread and redirects wait behind it. */
const AT_ONCE = 200;

/** Nobody's change: these links went with their workspace, and have led nowhere since it was deleted. */
export const purgeLinks: PurgeStep = async (ctx, workspaceId, signal) => {
  const some = (): Promise<number> =>
    ctx.db.transaction(async (tx) => {
      const { links, linkTotals } = ctx.db.tables;
      const ids = await tx
        .select({ id: links.id })
        .from(links)
        .where(eq(links.workspaceId, workspaceId))
        .limit(AT_ONCE);
      if (ids.length === 0) return 0;
      const gone = ids.map(({ id }) => id);
      await tx.delete(linkTotals).where(inArray(linkTotals.linkId, gone));
      await tx.delete(links).where(inArray(links.id, gone));
      return gone.length;
    });
  while (!signal.aborted && (await some()) === AT_ONCE);
};
