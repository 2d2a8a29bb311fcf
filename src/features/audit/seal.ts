import { Type as t } from "@sinclair/typebox";
import { and, desc, eq, inArray, isNull } from "drizzle-orm";
import type { Tx } from "../../db/database.ts";
import type { Context } from "../../platform/context.ts";
import { definePeriodicJob } from "../../platform/jobs/job.ts";
import { isKeyedProof, proofFor, provesEvent } from "../../platform/proofs.ts";
import { type ChainRow, entryOf, formOf, linkColumns, sealHash } from "./chain.ts";

export const sealAuditJob = definePeriodicJob({
  name: "audit.seal",
  args: t.Object({}),
  schedule: { everyMs: 60_000 },
  run: (ctx, _, job) => sealAudit(ctx, job.signal),
});

/** Events a seal holds at most: on SQLite its transaction stands before every other one, and on the main thread. */
export const EVENTS_PER_SEAL = 250;

/**
 * Chains what was recorded since the last seal. Which events are new is said by themselves and not by their ids or
 * times, because they become visible in another order than they were begun in, and clocks are set back. Writers know
 * nothing of it.
 */
export async function sealAudit(ctx: Context, signal: AbortSignal): Promise<void> {
  while (!signal.aborted && (await sealSome(ctx)) === EVENTS_PER_SEAL);
}

/** Somebody else has sealed these meanwhile. */
class Overtaken extends Error {}

async function sealSome(ctx: Context): Promise<number> {
  const { db, keyring, log } = ctx;
  const { events, auditSeals } = db.tables;
  const [before] = await wholeLastSeal(ctx);
  const found = await db.read
    .select(linkColumns(db.tables))
    .from(events)
    .where(isNull(events.seal))
    .limit(EVENTS_PER_SEAL);
  if (found.length === 0) return 0;
  // Versions without seals wrote no proofs.
  const rows = found.map((row) => ({
    ...row,
    dataProof: row.dataProof ?? proofFor(row.data),
    originProof: row.originProof ?? proofFor(row.origin),
  }));
  // Versions before did not key their proofs. Once a seal says that we do, nothing else is ours.
  const isTrusting = before === undefined || formOf(keyring.audit, before) === 1;
  const isOurs = (row: (typeof rows)[number]) =>
    isKeyedProof(row.originProof) ? provesEvent(keyring.audit, row, row.originProof, row.origin) : isTrusting;
  const planted = rows.filter((row) => !isOurs(row)).map(({ id }) => id);
  const entries = rows
    .map((row) => entryOf(row, !planted.includes(row.id)))
    .sort()
    .join("\n");
  try {
    const { sequence, hash } = await db.transaction(async (tx) => {
      const [last] = await lastSeal(tx, ctx);
      if (last?.sequence !== before?.sequence) throw new Overtaken();
      const facts = {
        sequence: (last?.sequence ?? 0) + 1,
        events: rows.length,
        entries,
        previous: last?.hash ?? "",
        createdAt: tx.now,
      };
      const seal = { ...facts, hash: sealHash(keyring.audit, facts) };
      await tx.insert(auditSeals).values(seal);
      for (const [i, row] of found.entries()) if (row.dataProof === null) await prove(tx, ctx, rows[i]!);
      const ids = rows.map(({ id }) => id);
      // By their ids alone: with what is unsealed in the condition, SQLite would look through all of it.
      await tx.update(events).set({ seal: seal.sequence }).where(inArray(events.id, ids));
      return seal;
    });
    if (planted.length > 0)
      log.error("the audit log holds events that were put in or altered behind the program", {
        seal: sequence,
        events: planted,
      });
    // Whoever keeps the log elsewhere keeps the proof that the chain began like this.
    log.info("audit log sealed", { seal: sequence, events: rows.length, hash });
    return rows.length;
  } catch (error) {
    if (error instanceof Overtaken) return 0;
    throw error;
  }
}

const lastSeal = (read: Pick<Tx, "select">, { db }: Context) => {
  const { auditSeals } = db.tables;
  const { sequence, hash } = auditSeals;
  return read.select({ sequence, hash }).from(auditSeals).orderBy(desc(auditSeals.sequence)).limit(1);
};

const wholeLastSeal = ({ db }: Context) =>
  db.read.select().from(db.tables.auditSeals).orderBy(desc(db.tables.auditSeals.sequence)).limit(1);

async function prove(tx: Tx, ctx: Context, row: ChainRow): Promise<void> {
  const { events } = ctx.db.tables;
  const unproven = and(eq(events.id, row.id as `evt_${string}`), isNull(events.dataProof));
  const { dataProof, originProof } = row;
  const done = await tx
    .update(events)
    .set({ dataProof, originProof })
    .where(unproven)
    .returning({ id: events.id });
  if (done.length === 0) throw new Overtaken();
}
