import { and, asc, eq, inArray } from "drizzle-orm";
import type { Id } from "../../lib/ids.ts";
import { hashOf } from "../../lib/secrets.ts";
import { personOf } from "../../platform/callers.ts";
import type { Context } from "../../platform/context.ts";
import { isoOf } from "../../platform/schema.ts";
import type { WorkspaceRow } from "../workspaces/model.ts";
import { inviteOver } from "./errors.ts";
import type { ReceivedInvite } from "./model.ts";
import { type Reader, selectReceived } from "./store.ts";

export interface Received {
  readonly invite: Context["db"]["tables"]["invites"]["$inferSelect"];
  readonly workspace: WorkspaceRow;
  readonly ownRole: { readonly name: string; readonly permissions: string[] } | null;
}

/** More wait for nobody; those beyond show when some of these have ended. */
const SHOWN = 100;

/** What whoever asks was invited to and may accept. */
export async function listMyInvites(ctx: Context): Promise<ReceivedInvite[]> {
  const { read } = ctx.db;
  return listReceived(read, ctx, await receivedBy(read, ctx, personOf(ctx).userId, ctx.clock.now()));
}

/** What a token opens, before it is used. @throws AppError GONE for one that opens nothing */
export async function lookAtInvite(ctx: Context, token: string): Promise<ReceivedInvite> {
  const { read } = ctx.db;
  const found = await receivedWith(read, ctx, hashOf(token), ctx.clock.now());
  return (await listReceived(read, ctx, [found]))[0]!;
}

/** @throws AppError GONE: made up, ended and expired are told apart by nobody */
export async function receivedWith(
  read: Reader,
  ctx: Context,
  tokenHash: string,
  now: number,
): Promise<Received> {
  const { invites } = ctx.db.tables;
  const { query, open } = selectReceived(read, ctx, now);
  const [found] = await query.where(and(open, eq(invites.tokenHash, tokenHash))).limit(1);
  if (!found) throw inviteOver();
  return found;
}

export async function receivedBy(
  read: Reader,
  ctx: Context,
  userId: Id<"usr">,
  now: number,
): Promise<Received[]> {
  const { invites, users } = ctx.db.tables;
  const [user] = await read.select().from(users).where(eq(users.id, userId)).limit(1);
  // Whoever only says that an address is theirs is not shown what waits for it.
  if (!user || user.emailVerifiedAt === null) return [];
  const { query, open } = selectReceived(read, ctx, now);
  return query
    .where(and(open, eq(invites.emailKey, user.emailKey)))
    .orderBy(asc(invites.id))
    .limit(SHOWN);
}

/** Whether there is an account with this address. */
export async function accountOf(read: Reader, ctx: Context, emailKey: string): Promise<boolean> {
  const { users } = ctx.db.tables;
  const [row] = await read.select({ id: users.id }).from(users).where(eq(users.emailKey, emailKey)).limit(1);
  return row !== undefined;
}

export async function listReceived(
  read: Reader,
  ctx: Context,
  all: readonly Received[],
): Promise<ReceivedInvite[]> {
  const { users } = ctx.db.tables;
  if (all.length === 0) return [];
  const inviters = all.map(({ invite }) => invite.invitedBy as Id<"usr">);
  const addresses = await read
    .select({ id: users.id, email: users.email })
    .from(users)
    .where(inArray(users.id, inviters));
  // All of a list are to one address.
  const hasAccount = await accountOf(read, ctx, all[0]!.invite.emailKey);
  return all.map(({ invite, workspace, ownRole }) => ({
    id: invite.id,
    workspaceName: workspace.name,
    email: invite.email,
    role: invite.role,
    roleName: ownRole?.name ?? invite.role,
    invitedBy: addresses.find(({ id }) => id === invite.invitedBy)?.email ?? null,
    expiresAt: isoOf(invite.expiresAt),
    hasAccount,
  }));
}
