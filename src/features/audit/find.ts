import { and, asc, count, desc, eq, gt, gte, lt, type SQL } from "drizzle-orm";
import { encodeTime, type Id } from "../../lib/ids.ts";
import type { Context } from "../../platform/context.ts";
import type { Page, PageRequest } from "../../platform/paging.ts";
import { momentOf } from "../../platform/schema.ts";
import { type AuditEvent, type AuditFilter, type EventRow, toAuditEvent } from "./model.ts";

/** Counting further would cost more than anybody wants to know. */
export const TOTAL_MAX = 10_000;

/** What happened, newest first: in the workspace, or in all of them for an operator without one. */
export async function listAudit(
  ctx: Context,
  filter: AuditFilter,
  { limit, offset, after }: PageRequest,
): Promise<Page<AuditEvent>> {
  const { events } = ctx.db.tables;
  const wanted = conditions(ctx, filter);
  const rows = await ctx.db.read
    .select()
    .from(events)
    .where(and(wanted, after ? lt(events.id, after.id as Id<"evt">) : undefined))
    .orderBy(desc(events.id))
    .limit(limit + 1)
    .offset(offset);
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  return {
    items: items.map(toAuditEvent),
    total: await counted(ctx, wanted),
    next: rows.length > limit && last ? { value: null, id: last.id } : null,
  };
}

/** Oldest first, beyond an event: the next slice of a walk. */
export const eventsAfter = (
  ctx: Context,
  filter: AuditFilter,
  after: Id<"evt"> | null,
  limit: number,
): Promise<EventRow[]> => {
  const { events } = ctx.db.tables;
  const beyond = after === null ? undefined : gt(events.id, after);
  return ctx.db.read
    .select()
    .from(events)
    .where(and(conditions(ctx, filter), beyond))
    .orderBy(asc(events.id))
    .limit(limit);
};

async function counted(ctx: Context, wanted: SQL | undefined): Promise<number> {
  const { events } = ctx.db.tables;
  const some = ctx.db.read.select({ id: events.id }).from(events).where(wanted).limit(TOTAL_MAX).as("some");
  const [row] = await ctx.db.read.select({ total: count() }).from(some);
  return row?.total ?? 0;
}

function conditions(ctx: Context, filter: AuditFilter): SQL | undefined {
  const { events } = ctx.db.tables;
  const { workspaceId } = ctx.actor;
  return and(
    workspaceId === null ? undefined : eq(events.workspaceId, workspaceId),
    filter.type === undefined ? undefined : ofType(ctx, filter.type),
    filter.actor === undefined ? undefined : eq(events.actorId, filter.actor),
    filter.subject === undefined ? undefined : eq(events.subjectId, filter.subject),
    filter.key === undefined ? undefined : eq(events.keyId, filter.key as Id<"key">),
    filter.requestId === undefined ? undefined : eq(events.requestId, filter.requestId),
    filter.from === undefined ? undefined : since(ctx, momentOf("/from", filter.from)),
    filter.to === undefined ? undefined : lt(events.createdAt, momentOf("/to", filter.to)),
  );
}

/** `link.*` is a range of names: a slash comes next after a dot. */
function ofType(ctx: Context, type: string): SQL | undefined {
  const { events } = ctx.db.tables;
  if (!type.endsWith(".*")) return eq(events.type, type);
  const group = type.slice(0, -2);
  return and(gte(events.type, `${group}.`), lt(events.type, `${group}/`));
}

/**
 * Ids begin with a time, by which the index is walked. It is never before that of the event; where a clock was set back
 * while a process went on, it lies behind, so nothing is said of the other end.
 */
function since(ctx: Context, ms: number): SQL | undefined {
  const { events } = ctx.db.tables;
  return and(gte(events.createdAt, ms), gte(events.id, placeOf(ms)));
}

/** Times before 1970, and after what ten digits hold, are at the ends. */
const placeOf = (ms: number): Id<"evt"> => `evt_${encodeTime(Math.min(Math.max(0, ms), 32 ** 10 - 1))}`;
