import { eq } from "drizzle-orm";
import { uniqueViolation } from "../../db/errors.ts";
import { AppError, notFound } from "../../lib/errors.ts";
import type { Id } from "../../lib/ids.ts";
import { hashOf } from "../../lib/secrets.ts";
import { personOf } from "../../platform/callers.ts";
import type { Context } from "../../platform/context.ts";
import { type Change, change, withPrevious } from "../../platform/events.ts";
import { addUser, hashChosen } from "../identity/create-user.ts";
import type { User } from "../identity/model.ts";
import { perAddress, takeTryFrom } from "../identity/throttle.ts";
import { memberAdded } from "../members/events.ts";
import { toMember } from "../members/model.ts";
import { selectMemberFor } from "../members/read.ts";
import { refuseTooMany } from "../workspaces/add.ts";
import { permissionsOfRole } from "../workspaces/memberships.ts";
import { toWorkspace, type WorkspaceRow } from "../workspaces/model.ts";
import { accountThere, inviteOver, otherAddress, signInFirst } from "./errors.ts";
import { inviteAccepted, inviteDeclined } from "./events.ts";
import { endInvite } from "./invites.ts";
import { type Acceptance, type Accepted, type InviteRow, type ReceivedInvite, toInvite } from "./model.ts";
import { accountOf, listReceived, type Received, receivedBy, receivedWith } from "./received.ts";
import type { Reader } from "./store.ts";

/**
 * Becomes a member by the token of the letter: with the account that has signed in, which must be of the address that
 * was invited, or with a new one, whose address the letter has proved.
 */
export async function acceptByToken(ctx: Context, input: Acceptance): Promise<Accepted> {
  const { token, ...account } = input;
  const hash = hashOf(token);
  const { person, application } = ctx.actor;
  // The route is open, so that its permission is asked for here.
  if (person === null ? application !== null : !ctx.actor.permissions.has("memberships:create"))
    throw new AppError("FORBIDDEN", "This is for people: sign in. A key or a limited token cannot do it.");
  // Before any hashing of passwords: made-up tokens cost next to nothing.
  const { invite } = await receivedWith(ctx.db.read, ctx, hash, ctx.clock.now());
  if (person === null) return acceptWithNewAccount(ctx, hash, invite.emailKey, account);
  for (const field of Object.keys(account)) throw accountThere(field);
  return change(ctx, async (tx) => join(tx, ctx, await again(tx, ctx, hash), person.userId));
}

async function acceptWithNewAccount(
  ctx: Context,
  hash: string,
  emailKey: string,
  { password, ...names }: Omit<Acceptance, "token">,
): Promise<Accepted> {
  await takeTryFrom(ctx, perAddress);
  if (await accountOf(ctx.db.read, ctx, emailKey)) throw signInFirst();
  if (ctx.config.WAYPOST_SIGNUP === "closed")
    throw new AppError("FORBIDDEN", "New accounts are made by the operator alone. Ask them for one.");
  const { invite } = await receivedWith(ctx.db.read, ctx, hash, ctx.clock.now());
  const passwordHash = await hashChosen(ctx, password, { ...names, email: invite.email });
  try {
    return await change(ctx, async (tx) => {
      const received = await again(tx, ctx, hash);
      const user = await addUser(
        tx,
        ctx,
        { ...names, email: received.invite.email, emailVerifiedAt: tx.now },
        passwordHash,
      );
      return { ...(await join(tx, ctx, received, user.id as Id<"usr">)), user };
    });
  } catch (error) {
    throw uniqueViolation(error) === "users_email_key" ? signInFirst() : error;
  }
}

/** The same for whoever has signed in and finds it among their invitations. */
export function acceptInvite(ctx: Context, id: string): Promise<Accepted> {
  const { userId } = personOf(ctx);
  return change(ctx, async (tx) => join(tx, ctx, await mine(tx, ctx, id), userId));
}

export function declineInvite(ctx: Context, id: string): Promise<ReceivedInvite> {
  personOf(ctx);
  return change(ctx, async (tx) => {
    const received = await mine(tx, ctx, id);
    const [told] = await listReceived(tx, ctx, [received]);
    const ended = await endInvite(tx, ctx, received.invite, "declined");
    tx.record(inviteDeclined, ended.id, endOf(received.invite, ended, tx.now), ended.workspaceId);
    return told!;
  });
}

const endOf = (before: InviteRow, after: InviteRow, now: number) =>
  withPrevious(toInvite(before, now), toInvite(after, now));

const again = (tx: Change, ctx: Context, hash: string) => receivedWith(tx, ctx, hash, tx.now);

async function mine(tx: Change, ctx: Context, id: string): Promise<Received> {
  const all = await receivedBy(tx, ctx, personOf(ctx).userId, tx.now);
  const found = all.find(({ invite }) => invite.id === id);
  if (!found) throw notFound("invitation");
  return found;
}

/** An invitation is good for its own address alone, and as long as whoever sent it might send it. */
async function join(
  tx: Change,
  ctx: Context,
  { invite, workspace, ownRole }: Received,
  userId: Id<"usr">,
): Promise<Accepted & { user: User | null }> {
  const { users, members } = ctx.db.tables;
  const [user] = await tx
    .select({ emailKey: users.emailKey })
    .from(users)
    .where(eq(users.id, userId))
    .limit(1);
  if (user?.emailKey !== invite.emailKey) throw otherAddress();
  const granted = permissionsOfRole(invite.role, ownRole?.permissions ?? null);
  if (granted.size === 0 || !(await stillMay(tx, ctx, invite.invitedBy, workspace, granted)))
    throw inviteOver();
  const known = await selectMemberFor(tx, ctx, workspace.id, userId);
  if (!known) {
    if (invite.role === "owner") await refuseTooMany(tx, ctx, userId);
    await tx
      .insert(members)
      .values({ workspaceId: workspace.id, userId, role: invite.role, createdAt: tx.now });
    const row = (await selectMemberFor(tx, ctx, workspace.id, userId))!;
    tx.record(memberAdded, userId, toMember(row), workspace.id);
  }
  const ended = await endInvite(tx, ctx, invite, "accepted", userId);
  tx.record(inviteAccepted, invite.id, endOf(invite, ended, tx.now), workspace.id);
  return { workspace: toWorkspace(workspace, null), role: known?.role ?? invite.role, user: null };
}

/** A key or the operator has sent it, or a member who may still invite and grant as much. */
async function stillMay(
  tx: Reader,
  ctx: Context,
  invitedBy: string,
  { id }: WorkspaceRow,
  granted: ReadonlySet<string>,
): Promise<boolean> {
  if (!invitedBy.startsWith("usr_")) return true;
  const inviter = await selectMemberFor(tx, ctx, id, invitedBy);
  if (!inviter) return false;
  const may = permissionsOfRole(inviter.role, inviter.granted);
  return may.has("members:create") && granted.isSubsetOf(may);
}
