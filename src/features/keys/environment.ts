import { AppError } from "../../lib/errors.ts";
import type { Id } from "../../lib/ids.ts";
import { type Context, workspaceOf } from "../../platform/context.ts";
import type { Change } from "../../platform/events.ts";
import { testSideOf } from "../workspaces/test-side.ts";

/** Where a new key works: on the caller's side, or as a test key made from the live side. */
export async function keySide(
  tx: Change,
  ctx: Context,
  wanted: "live" | "test" | undefined,
): Promise<{ environment: "live" | "test"; workspaceId: Id<"ws"> }> {
  const workspaceId = workspaceOf(ctx);
  const { side, other } = await testSideOf(tx, ctx, workspaceId);
  if (side === "test" && wanted === "live")
    throw new AppError(
      "FORBIDDEN",
      "This is the test side of the workspace. Live keys are made on the live side.",
    );
  const environment = wanted ?? side;
  return { environment, workspaceId: environment === side ? workspaceId : await other() };
}
