import { and, asc, count, eq, isNull } from "drizzle-orm";
import { isUniqueViolation } from "../../db/errors.ts";
import { AppError, notFound } from "../../lib/errors.ts";
import type { Context } from "../../platform/context.ts";
import { change, Unchanged } from "../../platform/events.ts";
import { differing, plainName } from "../../platform/schema.ts";
import { builtInTiers } from "./built-in.ts";
import { tierCreated, tierDeleted, tierUpdated } from "./events.ts";
import { findTier, type TierLimits } from "./find.ts";
import type { NewTier, Tier, TierPatch } from "./model.ts";

const TIERS_MAX = 100;

/** All tiers: those that are built in, then the operator's by name. */
export async function listTiers(ctx: Context): Promise<Tier[]> {
  const { tiers } = ctx.db.tables;
  const rows = await ctx.db.read.select().from(tiers).orderBy(asc(tiers.name));
  return [
    ...Object.entries(builtInTiers(ctx.config)).map(([name, limits]) => toTier(ctx, name, limits)),
    ...rows.map((row) =>
      toTier(ctx, row.name, { about: row.about, minute: row.perMinute, hour: row.perHour, day: row.perDay }),
    ),
  ];
}

export async function readTier(ctx: Context, name: string): Promise<Tier> {
  const found = await findTier(ctx.db.read, ctx, name);
  if (!found) throw notFound("tier");
  return toTier(ctx, name, found);
}

export async function createTier(ctx: Context, input: NewTier): Promise<Tier> {
  if (isBuiltIn(ctx, input.name)) throw taken(input.name);
  try {
    return await change(ctx, async (tx) => {
      const { tiers } = ctx.db.tables;
      const [counted] = await tx.select({ total: count() }).from(tiers);
      if ((counted?.total ?? 0) >= TIERS_MAX)
        throw new AppError("CONFLICT", `There are ${TIERS_MAX} tiers already: remove some first.`);
      const limits = limitsOf(input, { about: "", minute: null, hour: null, day: null });
      const { about, minute, hour, day } = limits;
      await tx.insert(tiers).values({
        name: input.name,
        about,
        perMinute: minute,
        perHour: hour,
        perDay: day,
        createdAt: tx.now,
        updatedAt: tx.now,
      });
      const tier = toTier(ctx, input.name, limits);
      tx.record(tierCreated, tier.name, tier, null);
      return tier;
    });
  } catch (error) {
    throw isUniqueViolation(error, "tiers_pkey") ? taken(input.name, error) : error;
  }
}

/** Changes what the patch names; null takes a limit away. It holds from the next call on. */
export const updateTier = (ctx: Context, name: string, patch: TierPatch): Promise<Tier> =>
  change(ctx, async (tx) => {
    if (isBuiltIn(ctx, name)) throw fixed(name);
    const found = await findTier(tx, ctx, name);
    if (!found) throw notFound("tier");
    const { about, minute, hour, day } = limitsOf(patch, found);
    const [before, after] = [toTier(ctx, name, found), toTier(ctx, name, { about, minute, hour, day })];
    const previous = differing(before, after);
    if (Object.keys(previous).length === 0) throw new Unchanged(before);
    const { tiers } = ctx.db.tables;
    await tx
      .update(tiers)
      .set({ about, perMinute: minute, perHour: hour, perDay: day, updatedAt: tx.now })
      .where(eq(tiers.name, name));
    tx.record(tierUpdated, name, { ...after, previous }, null);
    return after;
  });

/** Takes away a tier that no key in use has. */
export const deleteTier = (ctx: Context, name: string): Promise<Tier> =>
  change(ctx, async (tx) => {
    if (isBuiltIn(ctx, name)) throw fixed(name);
    const found = await findTier(tx, ctx, name);
    if (!found) throw notFound("tier");
    const { tiers, keys } = ctx.db.tables;
    const [counted] = await tx
      .select({ total: count() })
      .from(keys)
      .where(and(eq(keys.tier, name), isNull(keys.revokedAt)));
    if (counted && counted.total > 0)
      throw new AppError("CONFLICT", `${counted.total} keys have this tier: give them another first.`);
    await tx.delete(tiers).where(eq(tiers.name, name));
    const tier = toTier(ctx, name, found);
    tx.record(tierDeleted, name, tier, null);
    return tier;
  });

const limitsOf = (input: TierPatch, before: TierLimits): TierLimits => ({
  about: input.about === undefined ? before.about : plainName(input.about),
  minute: input.perMinute === undefined ? before.minute : input.perMinute,
  hour: input.perHour === undefined ? before.hour : input.perHour,
  day: input.perDay === undefined ? before.day : input.perDay,
});

const toTier = (ctx: Context, name: string, { about, minute, hour, day }: TierLimits): Tier => ({
  name,
  about,
  perMinute: minute,
  perHour: hour,
  perDay: day,
  builtIn: isBuiltIn(ctx, name),
  isDefault: name === ctx.config.WAYPOST_RATE_TIER,
});

const isBuiltIn = ({ config }: Context, name: string): boolean => Object.hasOwn(builtInTiers(config), name);

const taken = (name: string, cause?: unknown) =>
  new AppError("CONFLICT", `There is a tier "${name}" already.`, {
    details: [{ path: "/name", message: "name is taken" }],
    cause,
  });

const fixed = (name: string) =>
  new AppError("CONFLICT", `The tier "${name}" is part of the program: make one of your own.`);
