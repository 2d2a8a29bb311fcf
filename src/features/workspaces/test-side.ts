import type { Tx } from "../../db/database.ts";
import { notFound } from "../../lib/errors.ts";
import { type Id, newId } from "../../lib/ids.ts";
import type { Context } from "../../platform/context.ts";
import type { WorkspaceRow } from "./model.ts";
import { selectWorkspace } from "./store.ts";

export interface Side {
  readonly side: "live" | "test";
  /** The id of the other side. A workspace that is older than test sides gets one when it is first asked for. */
  other(): Promise<Id<"ws">>;
}

/** Which side of its workspace an id is: live, or the test side with data of its own. @throws AppError NOT_FOUND */
export async function testSideOf(tx: Tx, ctx: Context, id: Id<"ws">): Promise<Side> {
  const found = await selectWorkspace(tx, ctx, id);
  if (!found) throw notFound("workspace");
  const { row, testId } = found;
  const { testOf } = row;
  if (testOf !== null) return { side: "test", other: async () => testOf };
  return {
    side: "live",
    async other() {
      if (testId !== null) return testId;
      const made = testRowOf(row, tx.now);
      await tx.insert(ctx.db.tables.workspaces).values(made);
      return made.id;
    },
  };
}

/** A test side is set up like its live side; it has no slug, and is nobody's personal workspace. */
export const testRowOf = (live: WorkspaceRow, now: number) => ({
  ...live,
  id: newId("ws", now),
  slug: null,
  testOf: live.id,
  personalOf: null,
  defaultDomainId: null,
  purgeAt: null,
});
