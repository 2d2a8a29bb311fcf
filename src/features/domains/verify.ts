import { and, asc, eq, gt, inArray, isNotNull, isNull, lt, not, or } from "drizzle-orm";
import type { StoredCheck } from "../../db/schema/domains.ts";
import { notFound } from "../../lib/errors.ts";
import { type Context, workspaceOf } from "../../platform/context.ts";
import { type Change, change, Unchanged, withPrevious } from "../../platform/events.ts";
import type { Job } from "../../platform/jobs/job.ts";
import { refuseLive } from "./domains.ts";
import { sharedDomain } from "./errors.ts";
import { domainChecked, domainLost, domainVerified } from "./events.ts";
import { findDomain } from "./find.ts";
import { type DomainRow, toDomain, type Verification } from "./model.ts";
import { selectDefaultDomainId } from "./store.ts";
import { checkHost, type Findings, ownershipRecord } from "./verification.ts";

/** Looks what is set now and what is missing, and writes down what it has found. */
export async function verifyDomain(ctx: Context, idOrHost: string): Promise<Verification> {
  const row = await findDomain(ctx.db.read, ctx, idOrHost);
  refuseLive(ctx, row);
  if (row.workspaceId === null) throw sharedDomain();
  const findings = await checkHost(ctx, row.workspaceId, row.host);
  return change(ctx, async (tx) => {
    const before = await findDomain(tx, ctx, row.id);
    if (before.host !== row.host) throw notFound("domain");
    const after = await store(tx, ctx, before, findings);
    const defaultId = await selectDefaultDomainId(tx, ctx);
    record(tx, toDomain(before, defaultId), toDomain(after, defaultId), before.workspaceId!);
    const { missing, remove, found, owned, points, problem, siteStatus } = findings;
    return {
      domain: toDomain(after, defaultId),
      ownership: { ...ownershipRecord(workspaceOf(ctx), after.host), isSet: owned },
      points,
      found: [...found],
      missing: [...missing],
      remove: [...remove],
      problem,
      siteStatus,
    };
  });
}

/** A host is a workspace's from the first time that it says so and leads here. It stays so: its text may go. */
async function store(tx: Change, ctx: Context, before: DomainRow, findings: Findings): Promise<DomainRow> {
  const set = seen(before, findings, tx.now);
  const { domains } = ctx.db.tables;
  await tx.update(domains).set(set).where(eq(domains.id, before.id));
  return { ...before, ...set };
}

function seen({ verifiedAt }: DomainRow, { missing: _, remove: __, ...lastCheck }: Findings, now: number) {
  const isProved = lastCheck.owned && lastCheck.points !== null;
  const check: StoredCheck = lastCheck;
  return { verifiedAt: verifiedAt ?? (isProved ? now : null), checkedAt: now, lastCheck: check };
}

type Shown = ReturnType<typeof toDomain>;

function record(tx: Change, before: Shown, after: Shown, workspaceId: `ws_${string}`): void {
  const event =
    before.status === after.status
      ? domainChecked
      : after.status === "verified"
        ? domainVerified
        : domainLost;
  tx.record(event, after.id, withPrevious(before, after), workspaceId);
}

/** While somebody is likely to be setting the records. */
const SOON_MS = 5 * 60_000;
const SOON_FOR_MS = 7 * 86_400_000;
const DAILY_MS = 86_400_000;
const AT_ONCE = 8;
const ROUNDS_MAX = 100;

/** Looks after all domains of every workspace: new ones every few minutes, the others once a day. */
export async function verifyDue(ctx: Context, { signal }: Pick<Job, "signal">): Promise<number> {
  const now = ctx.clock.now();
  let looked = 0;
  for (let round = 0; round < ROUNDS_MAX; round++) {
    const due = await selectDue(ctx, now);
    if (due.length === 0) break;
    await Promise.all(due.map((row) => look(ctx, row)));
    looked += due.length;
    signal.throwIfAborted();
  }
  return looked;
}

function selectDue(ctx: Context, now: number): Promise<DomainRow[]> {
  const { domains, workspaces } = ctx.db.tables;
  const fresh = and(isNull(domains.verifiedAt), gt(domains.createdAt, now - SOON_FOR_MS));
  const due = or(
    isNull(domains.checkedAt),
    lt(domains.checkedAt, now - DAILY_MS),
    and(fresh, lt(domains.checkedAt, now - SOON_MS)),
  );
  const shut = ctx.db.read
    .select({ id: workspaces.id })
    .from(workspaces)
    .where(isNotNull(workspaces.deletedAt));
  const open = and(isNotNull(domains.workspaceId), not(inArray(domains.workspaceId, shut)));
  return ctx.db.read.select().from(domains).where(and(open, due)).orderBy(asc(domains.id)).limit(AT_ONCE);
}

/** What stays as it was is written down and told to nobody: nothing has happened. */
async function look(ctx: Context, { id, host, workspaceId }: DomainRow): Promise<void> {
  const owner = { ...ctx, actor: { ...ctx.actor, workspaceId } };
  const findings = await checkHost(owner, workspaceId!, host);
  // What was found says nothing of a host that went to others meanwhile.
  const isStill = (row: DomainRow | undefined): row is DomainRow =>
    row !== undefined && row.host === host && row.workspaceId === workspaceId;
  const { domains } = ctx.db.tables;
  const now = ctx.clock.now();
  const [before] = await ctx.db.read.select().from(domains).where(eq(domains.id, id)).limit(1);
  if (!isStill(before)) return;
  const after = { ...before, ...seen(before, findings, now) };
  if (toDomain(before, null).status === toDomain(after, null).status) {
    const { checkedAt, lastCheck } = after;
    const set = { checkedAt, lastCheck };
    return ctx.db.transaction(
      async (tx) => void (await tx.update(domains).set(set).where(eq(domains.id, id))),
    );
  }
  await change(owner, async (tx) => {
    const [row] = await tx.select().from(domains).where(eq(domains.id, id)).limit(1);
    if (!isStill(row)) throw new Unchanged(undefined);
    const defaultId = await selectDefaultDomainId(tx, owner);
    const stored = await store(tx, owner, row, findings);
    record(tx, toDomain(row, defaultId), toDomain(stored, defaultId), workspaceId!);
  });
}
