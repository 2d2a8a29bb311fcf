import { eq, sql } from "drizzle-orm";
import type { Build } from "../../db/database.ts";
import { AppError } from "../../lib/errors.ts";
import type { Id } from "../../lib/ids.ts";
import { neighbourhoodOf } from "../../lib/ip.ts";
import { macOf } from "../../lib/secrets.ts";
import type { Context } from "../../platform/context.ts";
import { signInThrottled } from "./events.ts";

/** How often something may be tried before it must wait. */
export interface Policy {
  readonly name: string;
  /** Tries in a window, however long was waited between them. */
  readonly triesMax: number;
  readonly windowMs: number;
  /** Tries that cost no wait; each one after doubles it, from a second to a quarter of an hour. */
  readonly free: number;
}

/** One stranger who tries many accounts. */
export const perAddress: Policy = { name: "address", triesMax: 20, windowMs: 60_000, free: 20 };
/** Many strangers who try one account. Those who signed in from there before do not stand in this queue. */
export const perAccount: Policy = { name: "account", triesMax: 70, windowMs: 86_400_000, free: 5 };
/** A device that has signed in to this account before, and only to this. */
export const perDevice: Policy = { name: "device", triesMax: 20, windowMs: 86_400_000, free: 5 };
/** Second factors of one account. */
export const perSecondFactor: Policy = { name: "factor", triesMax: 50, windowMs: 86_400_000, free: 10 };
/** Letters with codes and links to one address. */
export const perLetter: Policy = { name: "letter", triesMax: 10, windowMs: 3_600_000, free: 10 };

/**
 * Counts a try before it costs anything. One statement, so that of many at once no more than allowed get through;
 * kept in the database, so that a restart forgives nobody.
 * @param userId whose account it is, where that is known: for the record alone
 * @throws AppError RATE_LIMITED with when to come back
 */
export async function takeTry(
  ctx: Context,
  policy: Policy,
  subject: string,
  userId: Id<"usr"> | null = null,
): Promise<void> {
  const id = idOf(ctx, policy, subject);
  const now = ctx.clock.now();
  const [taken] = await ctx.db.each(take(policy), [{ id, now, resetsAt: now + policy.windowMs }]);
  if (taken?.length === 1) return;
  void ctx.denials.note(ctx, {
    type: signInThrottled,
    subjectId: userId ?? "nobody",
    data: { userId, limit: policy.name, network: ctx.origin.network },
    workspaceId: null,
  });
  const { throttles } = ctx.db.tables;
  const [row] = await ctx.db.read.select().from(throttles).where(eq(throttles.id, id)).limit(1);
  const seconds = Math.max(1, Math.ceil(((row?.blockedUntil ?? now) - now) / 1000));
  throw new AppError("RATE_LIMITED", `Too many tries. Try again in ${seconds} s.`, {
    headers: { "retry-after": String(seconds) },
  });
}

/** The same for a client's address; who comes without one sits at this machine. */
export async function takeTryFrom(ctx: Context, policy: Policy): Promise<void> {
  if (ctx.client) await takeTry(ctx, policy, neighbourhoodOf(ctx.client));
}

/** The try was right: it counts no more, and nobody waits because of it. What others tried before stays counted. */
export async function forgiveTry(ctx: Context, policy: Policy, subject: string): Promise<void> {
  await ctx.db.each(forgive, [{ id: idOf(ctx, policy, subject) }]);
}

const idOf = (ctx: Context, { name }: Policy, subject: string): string =>
  macOf(ctx.keyring.codes, `throttle\n${name}\n${subject}`);

const builds = new Map<string, Build<{ id: string }>>();

/** A query is put together once for each policy: the numbers of the policy are a part of it. */
function take(policy: Policy): Build<{ id: string }> {
  const known = builds.get(policy.name);
  if (known) return known;
  const build: Build<{ id: string }> = (queries, { throttles }) => {
    const { tries, blockedUntil, resetsAt } = throttles;
    const now = sql`cast(${sql.placeholder("now")} as bigint)`;
    const isOver = sql`${resetsAt} <= ${now}`;
    const next = sql`case when ${isOver} then 1 else ${tries} + 1 end`;
    const wait = sql.join(
      Array.from({ length: WAITS }, (_, at) =>
        sql.raw(`when ${policy.free + at + 1} then ${Math.min(1000 * 2 ** at, WAIT_MAX_MS)}`),
      ),
      sql` `,
    );
    const nextWait = sql`case when ${next} <= ${sql.raw(String(policy.free))} then 0 else (case ${next} ${wait} else ${sql.raw(String(WAIT_MAX_MS))} end) end`;
    const nextReset = sql`case when ${isOver} then ${now} + ${sql.raw(String(policy.windowMs))} else ${resetsAt} end`;
    const blocked = sql`case when ${next} >= ${sql.raw(String(policy.triesMax))} then ${nextReset} else ${now} + ${nextWait} end`;
    return queries
      .insert(throttles)
      .values({
        id: sql.placeholder("id"),
        tries: 1,
        blockedUntil: 0,
        resetsAt: sql.placeholder("resetsAt"),
      } as never)
      .onConflictDoUpdate({
        target: throttles.id,
        set: { tries: next, blockedUntil: blocked, resetsAt: nextReset } as never,
        setWhere: sql`${blockedUntil} <= ${now} or ${resetsAt} <= ${now}`,
      })
      .returning({ id: throttles.id });
  };
  builds.set(policy.name, build);
  return build;
}

const WAIT_MAX_MS = 900_000;
/** 1 s, 2 s, 4 s … until the longest. */
const WAITS = 11;

const forgive: Build<{ id: string }> = (queries, { throttles }) =>
  queries
    .update(throttles)
    .set({
      tries: sql`case when ${throttles.tries} > 0 then ${throttles.tries} - 1 else 0 end`,
      blockedUntil: sql`0`,
    })
    .where(eq(throttles.id, sql.placeholder("id")))
    .returning({ id: throttles.id });
