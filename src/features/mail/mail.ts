import { and, count, desc, eq, inArray, lt, type SQL } from "drizzle-orm";
import type { MailStatus } from "../../db/schema/mail.ts";
import { AppError, notFound } from "../../lib/errors.ts";
import type { Id } from "../../lib/ids.ts";
import { addressKey } from "../../lib/mailbox.ts";
import type { Context } from "../../platform/context.ts";
import { change } from "../../platform/events.ts";
import { openBody } from "../../platform/mail/body.ts";
import { mailQueued } from "../../platform/mail/events.ts";
import { queueMail } from "../../platform/mail/queue.ts";
import { enqueueMail, hasJob } from "../../platform/mail/send.ts";
import type { Page, PageRequest } from "../../platform/paging.ts";
import { type Mail, type MailItem, type TestMail, toMail, toMailItem } from "./model.ts";
import { testMail } from "./test-mail.ts";

export interface MailFilter {
  readonly status?: MailStatus;
  readonly to?: string;
  readonly type?: string;
}

/** Beyond, a list no longer counts. */
const COUNTED_MAX = 10_000;

/** The delivery log, newest first: a workspace's own mail, or all of it for an operator. */
export async function listMail(
  ctx: Context,
  filter: MailFilter,
  { limit, offset, after }: PageRequest,
): Promise<Page<MailItem>> {
  const { mails } = ctx.db.tables;
  const wanted = and(
    own(ctx),
    filter.status === undefined ? undefined : eq(mails.status, filter.status),
    filter.type === undefined ? undefined : eq(mails.type, filter.type),
    filter.to === undefined ? undefined : eq(mails.recipientKey, addressKey(filter.to)),
  );
  const some = ctx.db.read.select({ id: mails.id }).from(mails).where(wanted).limit(COUNTED_MAX).as("some");
  const [counted] = await ctx.db.read.select({ total: count() }).from(some);
  // Found in an index first, and then only the page is looked up: SQLite would look up all that it sorts.
  const ids = ctx.db.read
    .select({ id: mails.id })
    .from(mails)
    .where(and(wanted, after ? lt(mails.id, after.id as Id<"mail">) : undefined))
    .orderBy(desc(mails.id))
    .limit(limit + 1)
    .offset(offset);
  // Bodies stay where they are: a page of them may be megabytes.
  const rows = await ctx.db.read
    .select({
      id: mails.id,
      workspaceId: mails.workspaceId,
      type: mails.type,
      recipient: mails.recipient,
      subject: mails.subject,
      status: mails.status,
      attempts: mails.attempts,
      createdAt: mails.createdAt,
      sentAt: mails.sentAt,
    })
    .from(mails)
    .where(inArray(mails.id, ids))
    .orderBy(desc(mails.id));
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  return {
    items: items.map(toMailItem),
    total: counted?.total ?? 0,
    next: rows.length > limit && last ? { value: null, id: last.id } : null,
  };
}

/**
 * One mail. The server's words, which speak of its settings too, are for operators. What the mail says itself is for
 * the operator of an installation without a mail server alone: nobody else has a reason to read another person's code.
 */
export async function readMail(ctx: Context, id: string): Promise<Mail> {
  const row = await findMail(ctx, id);
  const { workspaceId, permissions } = ctx.actor;
  const isOperator = workspaceId === null || permissions.has("installation:read");
  const isShown = workspaceId === null && !ctx.mail.configured;
  return toMail(row, { log: isOperator, body: isShown ? openBody(ctx, row) : null });
}

/** Sends once more what was sent or has failed; a code that is good no longer is not. */
export async function resendMail(ctx: Context, id: string): Promise<Mail> {
  const { mails } = ctx.db.tables;
  await findMail(ctx, id);
  if (!ctx.mail.configured)
    throw new AppError("CONFLICT", "No mail server is set: set WAYPOST_SMTP_URL and restart.");
  await change(ctx, async (tx) => {
    const [row] = await tx
      .select()
      .from(mails)
      .where(and(own(ctx), eq(mails.id, id as Id<"mail">)))
      .limit(1);
    if (!row) throw notFound("mail");
    if (row.status === "queued") throw new AppError("CONFLICT", "This mail is on its way already.");
    if (row.body === null)
      throw new AppError("GONE", "What this mail said was deleted: it held a code that is good no longer.");
    // A job that has done its work and is not yet written down would leave none behind it.
    const [busy] = await tx
      .select({ id: mails.id })
      .from(mails)
      .where(and(eq(mails.id, row.id), hasJob(ctx)));
    if (busy)
      throw new AppError(
        "CONFLICT",
        "The attempt before is still being written down. Try again in a moment.",
      );
    await tx.update(mails).set({ status: "queued", updatedAt: tx.now }).where(eq(mails.id, row.id));
    enqueueMail(tx, row);
    tx.record(mailQueued, row.id, { id: row.id, type: row.type }, row.workspaceId);
  });
  return readMail(ctx, id);
}

/** Sends a mail that says that mail works. */
export async function sendTestMail(ctx: Context, { to }: TestMail): Promise<Mail> {
  const reader = { email: to, name: null, locale: "en", timeZone: "UTC" };
  const id = await change(ctx, (tx) =>
    queueMail(tx, ctx, testMail, reader, { at: tx.now, baseUrl: ctx.baseUrl() }),
  );
  return readMail(ctx, id);
}

async function findMail(ctx: Context, id: string) {
  const { mails } = ctx.db.tables;
  const [row] = await ctx.db.read
    .select()
    .from(mails)
    .where(and(own(ctx), eq(mails.id, id as Id<"mail">)))
    .limit(1);
  if (!row) throw notFound("mail");
  return row;
}

const own = (ctx: Context): SQL | undefined =>
  ctx.actor.workspaceId === null ? undefined : eq(ctx.db.tables.mails.workspaceId, ctx.actor.workspaceId);
