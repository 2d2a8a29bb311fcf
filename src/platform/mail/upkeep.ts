import { Type as t } from "@sinclair/typebox";
import { and, eq, gt, inArray, isNotNull, lte, ne, not, type SQL } from "drizzle-orm";
import type { Id } from "../../lib/ids.ts";
import type { Context } from "../context.ts";
import { change, Unchanged } from "../events.ts";
import { definePeriodicJob } from "../jobs/job.ts";
import { mailExpired, mailFailed, mailQueued } from "./events.ts";
import { enqueueMail, hasJob, LOGGED } from "./send.ts";

const AT_ONCE = 200;
/** What has waited longer was read in the outbox, or nobody wants it any more. */
const STALE_MS = 3 * 86_400_000;

export const mailUpkeepJob = definePeriodicJob({
  name: "mail.upkeep",
  args: t.Object({}),
  schedule: { everyMs: 60_000 },
  run: (ctx, _, job) => keepOutbox(ctx, job.signal),
});

/**
 * Deletes codes that are good no longer, and the log of what is long past; and sends what was queued before there was
 * a mail server.
 */
export async function keepOutbox(ctx: Context, signal: AbortSignal): Promise<void> {
  const steps = [expire, forget, ...(ctx.mail.configured ? [sendWaiting] : [])];
  for (const step of steps) while (!signal.aborted && (await step(ctx)) === AT_ONCE);
  await giveUp(ctx, signal);
}

function expire(ctx: Context): Promise<number> {
  const { mails } = ctx.db.tables;
  return change(ctx, async (tx) => {
    const past = and(isNotNull(mails.secretUntil), isNotNull(mails.body), lte(mails.secretUntil, tx.now));
    const rows = await tx
      .select({ id: mails.id, type: mails.type, status: mails.status, workspaceId: mails.workspaceId })
      .from(mails)
      .where(past)
      .limit(AT_ONCE);
    if (rows.length === 0) throw new Unchanged(0);
    for (const { id, type, status, workspaceId } of rows) {
      const isOver = status === "queued" || status === "waiting";
      await tx
        .update(mails)
        .set({ body: null, ...(isOver ? { status: "expired", updatedAt: tx.now } : {}) })
        .where(eq(mails.id, id));
      tx.record(mailExpired, id, { id, type }, workspaceId);
    }
    return rows.length;
  });
}

/** Nobody's change: a log that ends by itself. What is on its way is no log yet. */
function forget(ctx: Context): Promise<number> {
  const { mails } = ctx.db.tables;
  return ctx.db.transaction(async (tx) => {
    const old = tx
      .select({ id: mails.id })
      .from(mails)
      .where(and(lte(mails.createdAt, tx.now - ctx.config.WAYPOST_MAIL_KEEP), ne(mails.status, "queued")))
      .limit(AT_ONCE);
    return (await tx.delete(mails).where(inArray(mails.id, old)).returning({ id: mails.id })).length;
  });
}

/** What is still wanted goes out now that there is a mail server. */
function sendWaiting(ctx: Context): Promise<number> {
  const { mails } = ctx.db.tables;
  return change(ctx, async (tx) => {
    const rows = await tx
      .select({ id: mails.id, type: mails.type, topic: mails.topic, workspaceId: mails.workspaceId })
      .from(mails)
      .where(and(eq(mails.status, "waiting"), gt(mails.createdAt, tx.now - STALE_MS)))
      .limit(AT_ONCE);
    if (rows.length === 0) throw new Unchanged(0);
    for (const { id, type, topic, workspaceId } of rows) {
      await tx.update(mails).set({ status: "queued", updatedAt: tx.now }).where(eq(mails.id, id));
      enqueueMail(tx, { id, topic, workspaceId });
      tx.record(mailQueued, id, { id, type }, workspaceId);
    }
    return rows.length;
  });
}

/**
 * Mail whose job was called off or given up would seem to be on its way for ever. One whose job is still there waits
 * for it, however long the server was off.
 */
async function giveUp(ctx: Context, signal: AbortSignal): Promise<void> {
  const { mails } = ctx.db.tables;
  for (let after = "mail_" as Id<"mail">; !signal.aborted; ) {
    const queued = await ctx.db.read
      .select({ id: mails.id })
      .from(mails)
      .where(and(eq(mails.status, "queued"), gt(mails.id, after)))
      .orderBy(mails.id)
      .limit(AT_ONCE);
    const ids = queued.map(({ id }) => id);
    const forsaken = and(inArray(mails.id, ids), not(hasJob(ctx)));
    const lost = await ctx.db.read.select({ id: mails.id }).from(mails).where(forsaken);
    if (lost.length > 0) await fail(ctx, forsaken);
    if (ids.length < AT_ONCE) return;
    after = ids.at(-1)!;
    await new Promise(setImmediate);
  }
}

const NOT_SENT = "It was not sent: the work of sending it was called off or given up. Send it again.";

function fail(ctx: Context, forsaken: SQL | undefined): Promise<void> {
  const { mails } = ctx.db.tables;
  return change(ctx, async (tx) => {
    const rows = await tx
      .select()
      .from(mails)
      .where(and(eq(mails.status, "queued"), forsaken));
    if (rows.length === 0) throw new Unchanged(undefined);
    for (const { id, type, log, workspaceId } of rows) {
      const attempts = [...log, { at: tx.now, accepted: false, message: NOT_SENT }].slice(-LOGGED);
      await tx
        .update(mails)
        .set({ status: "failed", updatedAt: tx.now, log: attempts })
        .where(eq(mails.id, id));
      tx.record(mailFailed, id, { id, type, message: NOT_SENT }, workspaceId);
    }
  });
}
