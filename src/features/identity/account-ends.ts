import type { Id } from "../../lib/ids.ts";
import type { Context } from "../../platform/context.ts";
import type { Change } from "../../platform/events.ts";

/** What later features have to do with the end of an account, or of its way in. Each is a part of the change around it. */
export interface AccountEnds {
  /** A personal token opens the account without a password. */
  revokeTokens(tx: Change, ctx: Context, userId: Id<"usr">): Promise<void>;
  /** Each workspace that stays has it on record who left. */
  leaveWorkspaces(tx: Change, ctx: Context, userId: Id<"usr">): Promise<void>;
  /** Takes what names them out of the log. */
  forget(tx: Change, ctx: Context, userId: Id<"usr">): void;
}
