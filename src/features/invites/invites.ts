import { and, desc, eq, gt, isNull, lt } from "drizzle-orm";
import { uniqueViolation } from "../../db/errors.ts";
import { AppError, invalid, notFound } from "../../lib/errors.ts";
import { type Id, newId } from "../../lib/ids.ts";
import { addressKey } from "../../lib/mailbox.ts";
import { hashOf, randomText } from "../../lib/secrets.ts";
import type { Context } from "../../platform/context.ts";
import { type Change, change, withPrevious } from "../../platform/events.ts";
import { queueMail } from "../../platform/mail/queue.ts";
import type { Page, PageRequest } from "../../platform/paging.ts";
import { personalIsAlone } from "../members/errors.ts";
import { grantableRole, type KnownRole } from "../members/grant.ts";
import { brandOfWorkspace } from "../workspaces/brand.ts";
import type { WorkspaceRow } from "../workspaces/model.ts";
import { assertLiveSide } from "../workspaces/sides.ts";
import { findWorkspace } from "../workspaces/workspaces.ts";
import { invitedAlready, inviteOver, memberAlready, tooManyInvites } from "./errors.ts";
import { inviteCreated, inviteResent, inviteRevoked } from "./events.ts";
import { inviteMail } from "./invite-mail.ts";
import { type Invite, type InviteRow, type NewInvite, toInvite } from "./model.ts";
import { selectInvite } from "./store.ts";

/** How long an invitation is good, from its last mail. */
const GOOD_MS = 7 * 86_400_000;
const HOUR_MS = 3_600_000;
/** From all workspaces together: nobody's mailbox is flooded through us. */
const PER_ADDRESS = 5;
/** 238 bits. */
const TOKEN_LENGTH = 40;
const LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

type FullRow = Context["db"]["tables"]["invites"]["$inferSelect"];

/** Newest first, ended ones too. */
export async function listInvites(
  ctx: Context,
  state: "pending" | undefined,
  { limit, offset, after }: PageRequest,
): Promise<Page<Invite>> {
  const { invites } = ctx.db.tables;
  const workspaceId = await assertLiveSide(ctx.db.read, ctx, "invitations");
  const now = ctx.clock.now();
  const pending = and(isNull(invites.endedAt), gt(invites.expiresAt, now));
  const wanted = and(eq(invites.workspaceId, workspaceId), state === "pending" ? pending : undefined);
  const rows = await ctx.db.read
    .select()
    .from(invites)
    .where(and(wanted, after ? lt(invites.id, after.id as Id<"inv">) : undefined))
    .orderBy(desc(invites.id))
    .limit(limit + 1)
    .offset(offset);
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  return {
    items: items.map((row) => toInvite(row, now)),
    total: await ctx.db.read.$count(invites, wanted),
    next: rows.length > limit && last ? { value: null, id: last.id } : null,
  };
}

export async function readInvite(ctx: Context, id: string): Promise<Invite> {
  const workspaceId = await assertLiveSide(ctx.db.read, ctx, "invitations");
  const row = await selectInvite(ctx.db.read, ctx, workspaceId, id);
  if (!row) throw notFound("invitation");
  return toInvite(row, ctx.clock.now());
}

/** Asks somebody in by mail, with a role that grants nothing the inviter may not do. */
export async function createInvite(ctx: Context, input: NewInvite): Promise<Invite> {
  try {
    return await change(ctx, async (tx) => {
      const workspaceId = await assertLiveSide(tx, ctx, "invitations");
      const { row: workspace } = await findWorkspace(tx, ctx);
      if (workspace.personalOf !== null) throw personalIsAlone();
      const role = await grantableRole(tx, ctx, workspaceId, input.role ?? "editor");
      const emailKey = addressKey(input.email);
      await refuseMember(tx, ctx, workspaceId, emailKey);
      await endExpired(tx, ctx, workspaceId, emailKey);
      const token = randomText(TOKEN_LENGTH, LETTERS);
      const row = {
        id: newId("inv", tx.now),
        workspaceId,
        email: input.email,
        emailKey,
        role: role.role,
        tokenHash: hashOf(token),
        invitedBy: ctx.actor.id,
        createdAt: tx.now,
        sentAt: tx.now,
        expiresAt: tx.now + GOOD_MS,
        endedAt: null,
        endedAs: null,
        acceptedBy: null,
      };
      await mailInvite(tx, ctx, { row, workspace, role, token, locale: localeOf(input.locale) });
      await tx.insert(ctx.db.tables.invites).values(row);
      const invite = toInvite(row, tx.now);
      tx.record(inviteCreated, row.id, invite);
      return invite;
    });
  } catch (error) {
    throw uniqueViolation(error) === "invites_open" ? invitedAlready(error) : error;
  }
}

/** Mails it once more, with a new token and seven more days. The old token opens nothing then. */
export const resendInvite = (ctx: Context, id: string): Promise<Invite> =>
  change(ctx, async (tx) => {
    const before = await openInvite(tx, ctx, id);
    const { row: workspace } = await findWorkspace(tx, ctx);
    const role = await grantableRole(tx, ctx, before.workspaceId, before.role);
    const token = randomText(TOKEN_LENGTH, LETTERS);
    const row = {
      ...before,
      tokenHash: hashOf(token),
      // Whoever sends it answers for it from now on.
      invitedBy: ctx.actor.id,
      sentAt: tx.now,
      expiresAt: tx.now + GOOD_MS,
    };
    await mailInvite(tx, ctx, { row, workspace, role, token, locale: undefined });
    const { invites } = ctx.db.tables;
    await tx.update(invites).set(row).where(eq(invites.id, row.id));
    const invite = toInvite(row, tx.now);
    tx.record(inviteResent, row.id, withPrevious(toInvite(before, tx.now), invite));
    return invite;
  });

/** Takes an invitation back: its token opens nothing any more. */
export const revokeInvite = (ctx: Context, id: string): Promise<Invite> =>
  change(ctx, async (tx) => {
    const before = await openInvite(tx, ctx, id);
    const row = await endInvite(tx, ctx, before, "revoked");
    const invite = toInvite(row, tx.now);
    tx.record(inviteRevoked, row.id, withPrevious(toInvite(before, tx.now), invite));
    return invite;
  });

/** Writes down how an invitation has ended. */
export async function endInvite<Row extends InviteRow>(
  tx: Change,
  ctx: Context,
  row: Row,
  endedAs: NonNullable<InviteRow["endedAs"]>,
  acceptedBy: Id<"usr"> | null = null,
): Promise<Row> {
  const { invites } = ctx.db.tables;
  const set = { endedAt: tx.now, endedAs, acceptedBy };
  await tx.update(invites).set(set).where(eq(invites.id, row.id));
  return { ...row, ...set };
}

/** One of the caller's workspace that nobody has ended; it may have expired. */
async function openInvite(tx: Change, ctx: Context, id: string): Promise<FullRow> {
  const workspaceId = await assertLiveSide(tx, ctx, "invitations");
  const row = await selectInvite(tx, ctx, workspaceId, id);
  if (!row) throw notFound("invitation");
  if (row.endedAt !== null) throw inviteOver();
  return row;
}

async function refuseMember(tx: Change, ctx: Context, workspaceId: Id<"ws">, emailKey: string) {
  const { members, users } = ctx.db.tables;
  const [known] = await tx
    .select({ id: users.id })
    .from(members)
    .innerJoin(users, eq(users.id, members.userId))
    .where(and(eq(members.workspaceId, workspaceId), eq(users.emailKey, emailKey)))
    .limit(1);
  if (known) throw memberAlready();
}

/** What has expired makes room for a new one. */
async function endExpired(tx: Change, ctx: Context, workspaceId: Id<"ws">, emailKey: string) {
  const { invites } = ctx.db.tables;
  const here = and(eq(invites.workspaceId, workspaceId), eq(invites.emailKey, emailKey));
  const [row] = await tx
    .select()
    .from(invites)
    .where(and(here, isNull(invites.endedAt)))
    .limit(1);
  if (!row) return;
  if (row.expiresAt > tx.now) throw invitedAlready();
  const ended = await endInvite(tx, ctx, row, "revoked");
  tx.record(inviteRevoked, ended.id, withPrevious(toInvite(row, tx.now), toInvite(ended, tx.now)));
}

interface ToMail {
  readonly row: FullRow;
  readonly workspace: WorkspaceRow;
  readonly role: KnownRole;
  readonly token: string;
  readonly locale: string | undefined;
}

async function mailInvite(tx: Change, ctx: Context, { row, workspace, role, token, locale }: ToMail) {
  await refuseTooMany(tx, ctx, row);
  const baseUrl = ctx.baseUrl();
  if (baseUrl === null) throw new AppError("CONFLICT", "The address of this installation is not known yet.");
  await queueMail(
    tx,
    ctx,
    inviteMail,
    // Never as an account's profile says: the mail log would tell the workspace that there is one.
    { email: row.email, name: null, locale: locale ?? workspace.locale, timeZone: workspace.timeZone },
    {
      workspace: workspace.name,
      role: role.name,
      isBuiltIn: role.granted === null,
      from: await addressOf(tx, ctx, ctx.actor.id),
      expiresAt: row.expiresAt,
      // Behind the #, so that no server's log and no other page gets to read it.
      url: `${baseUrl}/admin#invite=${token}`,
    },
    { workspaceId: row.workspaceId, secretUntil: row.expiresAt, brand: brandOfWorkspace(workspace) },
  );
}

/** The address of whoever invites; null for a key, and for whoever works on the machine itself. */
async function addressOf(tx: Change, ctx: Context, id: string): Promise<string | null> {
  const { users } = ctx.db.tables;
  const [row] = await tx
    .select({ email: users.email })
    .from(users)
    .where(eq(users.id, id as Id<"usr">))
    .limit(1);
  return row?.email ?? null;
}

/** Counted in the outbox, so that a restart or another process changes nothing. */
async function refuseTooMany(tx: Change, ctx: Context, { workspaceId, emailKey }: FullRow): Promise<void> {
  const { mails } = ctx.db.tables;
  const max = ctx.config.WAYPOST_INVITES_PER_HOUR;
  const lately = and(gt(mails.createdAt, tx.now - HOUR_MS), eq(mails.type, inviteMail.name));
  if (max > 0 && (await tx.$count(mails, and(eq(mails.workspaceId, workspaceId), lately))) >= max)
    throw tooManyInvites(max, "for one workspace");
  if ((await tx.$count(mails, and(eq(mails.recipientKey, emailKey), lately))) >= PER_ADDRESS)
    throw tooManyInvites(PER_ADDRESS, "to one address");
}

function localeOf(name: string | undefined): string | undefined {
  if (name === undefined) return undefined;
  try {
    return new Intl.Locale(name).toString();
  } catch {
    throw invalid("/locale", "locale must be a BCP 47 language such as de-AT");
  }
}
