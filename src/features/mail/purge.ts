import { eq, inArray } from "drizzle-orm";
import type { PurgeStep } from "../workspaces/purge.ts";

const AT_ONCE = 200;

/** The delivery log of a workspace goes with it: it holds the addresses of people. */
export const purgeMails: PurgeStep = async (ctx, workspaceId, signal) => {
  const { mails } = ctx.db.tables;
  const some = (): Promise<number> =>
    ctx.db.transaction(async (tx) => {
      const old = tx
        .select({ id: mails.id })
        .from(mails)
        .where(eq(mails.workspaceId, workspaceId))
        .limit(AT_ONCE);
      return (await tx.delete(mails).where(inArray(mails.id, old)).returning({ id: mails.id })).length;
    });
  while (!signal.aborted && (await some()) === AT_ONCE);
};
