import { eq } from "drizzle-orm";
import type { Tx } from "../../db/database.ts";
import { AppError, invalid } from "../../lib/errors.ts";
import type { Context } from "../../platform/context.ts";
import { isWithinLimits, type Limits, UNLIMITED } from "../../platform/limits/tier.ts";
import { builtInTiers, DEFAULT_TIER } from "./built-in.ts";

type Reader = Pick<Tx, "select">;

export interface TierLimits extends Limits {
  readonly about: string;
}

/** A tier by its name; null when there is none. */
export async function findTier(read: Reader, ctx: Context, name: string): Promise<TierLimits | null> {
  const builtIn = builtInTiers(ctx.config);
  if (Object.hasOwn(builtIn, name)) return builtIn[name]!;
  const { tiers } = ctx.db.tables;
  const [row] = await read.select().from(tiers).where(eq(tiers.name, name)).limit(1);
  return row ? { about: row.about, minute: row.perMinute, hour: row.perHour, day: row.perDay } : null;
}

/** What holds for callers whose key names no tier. */
export const defaultLimits = async (read: Reader, ctx: Context): Promise<Limits> =>
  (await findTier(read, ctx, ctx.config.WAYPOST_RATE_TIER)) ??
  (await findTier(read, ctx, DEFAULT_TIER)) ??
  UNLIMITED;

/**
 * Refuses a tier that does not exist, and one beyond the giver's own: a workspace cannot free itself of the limits
 * that the operator has set.
 * @param parent the tier of the key that asks; undefined when no key asks
 * @throws AppError VALIDATION_ERROR, FORBIDDEN
 */
export async function checkTier(
  read: Reader,
  ctx: Context,
  name: string | null,
  parent: string | null | undefined,
): Promise<void> {
  const wanted = name === null ? await defaultLimits(read, ctx) : await findTier(read, ctx, name);
  if (wanted === null) throw invalid("/tier", `there is no tier "${name}": GET /tiers lists them`);
  if (ctx.actor.permissions.has("installation:update")) return;
  const own = parent ? ((await findTier(read, ctx, parent)) ?? UNLIMITED) : await defaultLimits(read, ctx);
  if (!isWithinLimits(wanted, own))
    throw new AppError("FORBIDDEN", "Only the operator of the installation gives a tier beyond one's own.", {
      details: [{ path: "/tier", message: "the tier allows more than yours" }],
    });
}

/** Whether keys of one tier may call no oftener than those of another; null names the default. */
export async function isWithinTier(
  read: Reader,
  ctx: Context,
  tier: string | null,
  outer: string | null,
): Promise<boolean> {
  if (tier === outer) return true;
  const limitsOf = async (name: string | null): Promise<Limits> =>
    name === null ? await defaultLimits(read, ctx) : ((await findTier(read, ctx, name)) ?? UNLIMITED);
  return isWithinLimits(await limitsOf(tier), await limitsOf(outer));
}
