import { eq } from "drizzle-orm";
import { AppError, notFound } from "../../lib/errors.ts";
import type { Id } from "../../lib/ids.ts";
import { type Context, workspaceOf } from "../../platform/context.ts";
import { onTestSide } from "./errors.ts";
import { type Reader, selectWorkspace } from "./store.ts";

/** The live side of whichever side the caller acts in. */
export async function liveSideOf(read: Reader, ctx: Context): Promise<Id<"ws">> {
  const { workspaces } = ctx.db.tables;
  const id = workspaceOf(ctx);
  const [row] = await read
    .select({ testOf: workspaces.testOf })
    .from(workspaces)
    .where(eq(workspaces.id, id))
    .limit(1);
  if (!row) throw notFound("workspace");
  return row.testOf ?? id;
}

/**
 * The caller's workspace, for what a test side does not have of its own.
 * @throws AppError FORBIDDEN on a test side; `what` is plural
 */
export async function assertLiveSide(read: Reader, ctx: Context, what: string): Promise<Id<"ws">> {
  const live = await liveSideOf(read, ctx);
  if (live !== workspaceOf(ctx)) throw onTestSide(what, live);
  return live;
}

/**
 * The context, when the workspace in the path is the one the caller acts in: a key acts in its own alone.
 * @throws AppError NOT_FOUND, or FORBIDDEN for a key of the other side of the same workspace
 */
export async function inWorkspace(ctx: Context, named: string): Promise<Context> {
  const { actor } = ctx;
  if (actor.workspaceId === named) return ctx;
  if (actor.application !== null && actor.workspaceId !== null) {
    const [mine, theirs] = await Promise.all([
      liveSideOf(ctx.db.read, ctx),
      selectWorkspace(ctx.db.read, ctx, named as Id<"ws">),
    ]);
    if (theirs && (theirs.row.testOf ?? theirs.row.id) === mine) throw otherSide(ctx);
  }
  throw notFound("workspace");
}

const otherSide = ({ actor }: Context): AppError => {
  const [own, other] = actor.application?.environment === "test" ? ["test", "live"] : ["live", "test"];
  return new AppError("FORBIDDEN", `This is a ${own} key, and the ${other} side was asked for.`);
};
