import type { Id } from "../../lib/ids.ts";
import type { Context } from "../../platform/context.ts";
import type { MemberRow } from "./model.ts";
import { type Reader, selectMember } from "./store.ts";

/** A member of a workspace that need not be the caller's; undefined when they are none. For other features' verbs. */
export const selectMemberFor = (
  read: Reader,
  ctx: Context,
  workspaceId: Id<"ws">,
  userId: string,
): Promise<MemberRow | undefined> => selectMember(read, ctx, workspaceId, userId);
