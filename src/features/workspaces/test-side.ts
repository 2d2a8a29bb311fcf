import { eq } from "drizzle-orm";
import { notFound } from "../../lib/errors.ts";
import { type Id, newId } from "../../lib/ids.ts";
import type { Context } from "../../platform/context.ts";
import type { Change } from "../../platform/events.ts";
import { workspaceCreated } from "./events.ts";
import { toWorkspace } from "./model.ts";

export interface Side {
  readonly side: "live" | "test";
  /** The id of the other side; the test side is made when it is first asked for. */
  other(): Promise<Id<"ws">>;
}

/** Which side of its workspace an id is: live, or the test side with data of its own. */
export async function testSideOf(tx: Change, ctx: Context, id: Id<"ws">): Promise<Side> {
  const { workspaces } = ctx.db.tables;
  const [row] = await tx.select().from(workspaces).where(eq(workspaces.id, id)).limit(1);
  if (!row) throw notFound("workspace");
  const { testOf } = row;
  if (testOf !== null) return { side: "test", other: async () => testOf };
  return {
    side: "live",
    async other() {
      const [twin] = await tx
        .select({ id: workspaces.id })
        .from(workspaces)
        .where(eq(workspaces.testOf, id))
        .limit(1);
      if (twin) return twin.id;
      const made = {
        id: newId("ws", tx.now),
        name: row.name,
        defaultDomainId: null,
        testOf: id,
        createdAt: tx.now,
        updatedAt: tx.now,
      };
      await tx.insert(workspaces).values(made);
      tx.record(workspaceCreated, made.id, toWorkspace(made), made.id);
      return made.id;
    },
  };
}
