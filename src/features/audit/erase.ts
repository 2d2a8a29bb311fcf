import { Type as t } from "@sinclair/typebox";
import { and, asc, eq, gt, isNull, lte, max, sql } from "drizzle-orm";
import type { Id } from "../../lib/ids.ts";
import { assertFresh } from "../../platform/callers.ts";
import type { Context } from "../../platform/context.ts";
import { type Change, change } from "../../platform/events.ts";
import { defineJob } from "../../platform/jobs/job.ts";
import { erasedProof, isErasedProof, proofFor } from "../../platform/proofs.ts";
import { linkColumns } from "./chain.ts";
import { auditErased, erasureAsked } from "./events.ts";
import type { ErasureInput } from "./model.ts";
import { sealAudit } from "./seal.ts";

/** What stands where something was erased, as JSON. */
export const ERASED_DATA = "null";
export const ERASED_ORIGIN = JSON.stringify({ requestId: null, network: null, userAgent: null });

const purpose = (subject: string) => `audit.erase ${subject}`;

/**
 * Takes a person's data out of the log, as a part of the change that lets them go: what is told of them, where their
 * own calls came from, and whatever holds one of the texts. That something happened, when, and that it was them, stays;
 * the chain holds.
 */
export function enqueueErasure(tx: Change, ctx: Context, { subject, texts = [] }: ErasureInput): Id<"job"> {
  tx.record(erasureAsked, subject, { subject }, null);
  // The texts are what is to be forgotten: they do not stand in the job either.
  const sealed = ctx.seal.seal(JSON.stringify(texts), purpose(subject));
  return tx.enqueue(eraseAuditJob, { subject, texts: sealed }, { workspaceId: null });
}

export function askErasure(ctx: Context, input: ErasureInput): Promise<{ job: string }> {
  assertFresh(ctx);
  return change(ctx, async (tx) => ({ job: enqueueErasure(tx, ctx, input) }));
}

export const eraseAuditJob = defineJob({
  name: "audit.erase",
  args: t.Object({ subject: t.String(), texts: t.String() }),
  timeoutMs: 3_600_000,
  run: (ctx, { subject, texts }, job) =>
    eraseFromAudit(
      ctx,
      { subject, texts: JSON.parse(ctx.seal.open(texts, purpose(subject))) as string[] },
      job.signal,
    ),
});

const ROWS_PER_READ = 250;

/**
 * Walks the whole log once, a slice at a time. What was begun and broke off begins anew and finds the rest. Only what
 * is sealed is erased: a seal asks for the proofs that go with it.
 */
export async function eraseFromAudit(
  ctx: Context,
  { subject, texts = [] }: ErasureInput,
  signal: AbortSignal,
): Promise<void> {
  const { events } = ctx.db.tables;
  const [newest] = await ctx.db.read.select({ id: max(events.id) }).from(events);
  const end = newest?.id;
  await sealAudit(ctx, signal);
  const wanted = texts.map((text) => JSON.stringify(text).slice(1, -1).toLowerCase());
  let after: Id<"evt"> | null = null;
  while (!signal.aborted && end) {
    const rows: Row[] = await ctx.db.read
      .select({ ...linkColumns(ctx.db.tables), seal: events.seal })
      .from(events)
      .where(and(lte(events.id, end), after === null ? undefined : gt(events.id, after)))
      .orderBy(asc(events.id))
      .limit(ROWS_PER_READ);
    const found = rows.map((row) => erasureOf(row, subject, wanted)).filter((one) => one !== null);
    if (found.some(({ row }) => row.seal === null))
      throw new Error("some of it is being sealed by another process: once more, later");
    if (found.length > 0) await erase(ctx, subject, found);
    if (rows.length < ROWS_PER_READ) return;
    after = rows.at(-1)!.id;
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
}

interface Row {
  readonly id: Id<"evt">;
  readonly type: string;
  readonly subjectId: string;
  readonly actorId: string;
  readonly dataProof: string | null;
  readonly originProof: string | null;
  readonly data: string;
  readonly origin: string;
  readonly seal: number | null;
}
interface Erasure {
  readonly row: Row;
  readonly data: boolean;
  readonly origin: boolean;
}

/** Which of an event's payloads tell of the person; null when none does. */
function erasureOf(row: Row, subject: string, texts: readonly string[]): Erasure | null {
  const lower = row.data.toLowerCase();
  const told = row.subjectId === subject || texts.some((text) => lower.includes(text));
  const data = told && !isErasedProof(row.dataProof ?? "") && !isRecord(row);
  const origin = row.actorId === subject && !isErasedProof(row.originProof ?? "");
  return data || origin ? { row, data, origin } : null;
}

/** The records of erasures name the person by id alone, and are what `verify` goes by. */
const isRecord = ({ type }: Row): boolean => type === auditErased.name || type === erasureAsked.name;

const erase = (ctx: Context, subject: string, found: readonly Erasure[]): Promise<void> =>
  change(ctx, async (tx) => {
    const { events } = ctx.db.tables;
    for (const { row, data, origin } of found) {
      // What was recorded by a version without proofs is in no seal yet, or was given them by it.
      const proof = (known: string | null, text: string) => erasedProof(known ?? proofFor(text));
      await tx
        .update(events)
        .set({
          ...(data ? { data: sql`${ERASED_DATA}`, dataProof: proof(row.dataProof, row.data) } : {}),
          ...(origin
            ? { origin: sql`${ERASED_ORIGIN}`, originProof: proof(row.originProof, row.origin) }
            : {}),
        })
        .where(
          and(
            eq(events.id, row.id),
            row.dataProof === null ? isNull(events.dataProof) : eq(events.dataProof, row.dataProof),
          ),
        );
    }
    tx.record(auditErased, subject, { subject, events: found.map(({ row }) => row.id) }, null);
  });
