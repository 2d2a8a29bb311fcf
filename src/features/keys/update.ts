import { eq, ne } from "drizzle-orm";
import { invalid } from "../../lib/errors.ts";
import type { Context } from "../../platform/context.ts";
import { change, Unchanged } from "../../platform/events.ts";
import { isGuarded, type Permission } from "../../platform/permissions.ts";
import { differing, plainName } from "../../platform/schema.ts";
import { checkTier } from "../tiers/find.ts";
import { revokedAlready } from "./create.ts";
import { keyUpdated } from "./events.ts";
import { checkNotStronger, checkScopes, expiryOf, type Giver, giverOf, networksOf } from "./grant.ts";
import { type Key, type KeyPatch, type KeyRow, type KeyTier, toKey } from "./model.ts";
import { originsOf } from "./origins.ts";
import { ownKey, selectKey, workspaceKeys } from "./store.ts";

/** Changes what the patch names; null clears. The secret stays. */
export const updateKey = (ctx: Context, id: string, patch: KeyPatch): Promise<Key> =>
  change(ctx, async (tx) => {
    const before = await selectKey(tx, ctx, workspaceKeys(ctx, tx), id);
    const giver = giverOf(ctx, await ownKey(tx, ctx));
    if (before.revokedAt !== null) throw revokedAlready();
    await checkNotStronger(tx, ctx, giver, before);
    if (patch.tier !== undefined) await checkTier(tx, ctx, patch.tier, giver.parent?.tier);
    const after = patched(ctx, giver, before, patch, tx.now);
    const previous = differing(toKey(before), toKey(after));
    if (Object.keys(previous).length === 0) throw new Unchanged(toKey(before));
    const key = toKey({ ...after, updatedAt: tx.now });
    await tx
      .update(ctx.db.tables.keys)
      .set({ ...after, updatedAt: tx.now })
      .where(eq(ctx.db.tables.keys.id, before.id));
    tx.record(keyUpdated, key.id, { ...key, previous });
    return key;
  });

/** The operator's word on how often any workspace's key may call, and nothing else of it. */
export const setKeyTier = (ctx: Context, id: string, { tier }: KeyTier): Promise<Key> =>
  change(ctx, async (tx) => {
    const { keys } = ctx.db.tables;
    const before = await selectKey(tx, ctx, ne(keys.kind, "personal"), id);
    await checkTier(tx, ctx, tier, undefined);
    if (before.tier === tier) throw new Unchanged(toKey(before));
    const key = toKey({ ...before, tier, updatedAt: tx.now });
    await tx.update(keys).set({ tier, updatedAt: tx.now }).where(eq(keys.id, before.id));
    tx.record(keyUpdated, key.id, { ...key, previous: { tier: before.tier } }, before.workspaceId);
    return key;
  });

function patched(ctx: Context, giver: Giver, before: KeyRow, patch: KeyPatch, now: number): KeyRow {
  return {
    ...before,
    name: patch.name === undefined ? before.name : plainName(patch.name),
    tier: patch.tier === undefined ? before.tier : patch.tier,
    ...(patch.permissions === undefined ? {} : scopes(ctx, giver, before, patch.permissions)),
    ...(patch.origins === undefined ? {} : origins(before, patch.origins)),
    ...(patch.expiresAt === undefined ? {} : { expiresAt: expiryOf(patch.expiresAt, now, giver) }),
    ...(patch.allowedIps === undefined ? {} : { networks: networksOf(patch.allowedIps, giver) }),
  };
}

function scopes(ctx: Context, giver: Giver, before: KeyRow, wanted: readonly Permission[]) {
  if (before.kind === "publishable")
    throw invalid("/permissions", "a publishable key may track and nothing else");
  if (before.kind === "extension" && wanted.some(isGuarded))
    throw invalid("/permissions", "an extension manages neither keys nor members");
  const added = wanted.filter((one) => !before.permissions.includes(one));
  checkScopes(ctx, giver, added);
  const confirmedBy = added.some(isGuarded) ? giver.confirmedBy : before.confirmedBy;
  return { permissions: [...new Set(wanted)], confirmedBy: wanted.some(isGuarded) ? confirmedBy : null };
}

function origins({ kind }: KeyRow, texts: readonly string[]) {
  if (kind !== "publishable") throw invalid("/origins", "only publishable keys have origins");
  return { origins: originsOf(texts) };
}
