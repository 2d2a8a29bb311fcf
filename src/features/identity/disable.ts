import { eq } from "drizzle-orm";
import { AppError, notFound } from "../../lib/errors.ts";
import { isId } from "../../lib/ids.ts";
import { assertFresh } from "../../platform/callers.ts";
import type { Context } from "../../platform/context.ts";
import { change, Unchanged } from "../../platform/events.ts";
import { userDisabled, userEnabled } from "./events.ts";
import { toUser, type User } from "./model.ts";
import { endAllSessions } from "./sessions.ts";
import { userById } from "./store.ts";

/** Closes an account, or opens it again. A closed one has no sessions and gets none. */
export async function setDisabled(ctx: Context, id: string, disabled: boolean): Promise<User> {
  assertFresh(ctx);
  return change(ctx, async (tx) => {
    const user = isId("usr", id) ? await userById(ctx, id, tx) : null;
    if (user === null) throw notFound("user");
    if (user.id === ctx.actor.person?.userId)
      throw new AppError("CONFLICT", "You cannot disable your own account: ask another operator.");
    if ((user.disabledAt !== null) === disabled) throw new Unchanged(toUser(user));
    const { users } = ctx.db.tables;
    await tx
      .update(users)
      .set({ disabledAt: disabled ? tx.now : null, updatedAt: tx.now })
      .where(eq(users.id, user.id));
    if (disabled) await endAllSessions(tx, ctx, user.id, "disabled");
    tx.record(disabled ? userDisabled : userEnabled, user.id, toUser(user), null);
    return toUser(user);
  });
}
