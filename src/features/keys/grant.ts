import type { Tx } from "../../db/database.ts";
import { AppError, invalid } from "../../lib/errors.ts";
import { covers, parseNetwork } from "../../lib/ip.ts";
import { freshPersonOf } from "../../platform/callers.ts";
import type { Context } from "../../platform/context.ts";
import { isGuarded, isPermission, type Permission } from "../../platform/permissions.ts";
import { momentOf } from "../../platform/schema.ts";
import { isWithinTier } from "../tiers/find.ts";
import type { KeyRow } from "./model.ts";

/** What the operator of the machine gave, on the command line or by configuration. */
export const OPERATOR = "operator";

/** Who gives a key its rights. */
export interface Giver {
  /** Whose rights bound the key from now on; null for the operator's. */
  readonly makerId: KeyRow["makerId"];
  /** Who confirms guarded scopes; null when they cannot be given. */
  readonly confirmedBy: string | null;
  /** The key by which they are given: no child is stronger. */
  readonly parent: KeyRow | null;
}

/**
 * People give after a fresh proof. A key gives in the name of whoever made it, and no guarded scopes: only keys that
 * the operator gave to a program hand those on.
 * @throws AppError FORBIDDEN for a person whose proof is old
 */
export function giverOf(ctx: Context, parent: KeyRow | null): Giver {
  const { actor } = ctx;
  if (actor.person !== null) {
    const { userId } = freshPersonOf(ctx);
    return { makerId: userId, confirmedBy: userId, parent };
  }
  if (parent === null) {
    if (actor.kind !== "system") throw new Error(`nobody knows in whose name ${actor.kind} gives rights`);
    return { makerId: null, confirmedBy: OPERATOR, parent };
  }
  return {
    makerId: parent.makerId,
    confirmedBy: parent.confirmedBy === OPERATOR ? OPERATOR : null,
    parent,
  };
}

/** Refuses what the giver may not do, and guarded scopes from whoever cannot give them. @throws AppError FORBIDDEN */
export function checkScopes(ctx: Context, giver: Giver, wanted: readonly Permission[]): void {
  const missing = wanted.filter((one) => !ctx.actor.permissions.has(one));
  if (missing.length > 0)
    throw new AppError("FORBIDDEN", `A key cannot grant what its maker may not do: ${missing.join(", ")}.`);
  const guarded = wanted.filter(isGuarded);
  if (giver.confirmedBy === null && guarded.length > 0)
    throw new AppError("FORBIDDEN", `Only a person gives a key these permissions: ${guarded.join(", ")}.`);
}

/**
 * Refuses to touch a key that may more than the caller, or for longer, or from more places, or oftener: whoever rotates
 * it would hold it. @throws AppError FORBIDDEN
 */
export async function checkNotStronger(
  tx: Pick<Tx, "select">,
  ctx: Context,
  { parent }: Giver,
  row: KeyRow,
): Promise<void> {
  const more = row.permissions.filter(isPermission).filter((one) => !ctx.actor.permissions.has(one));
  const stronger =
    more.length > 0 ||
    (parent !== null &&
      !(isWithinParent(parent, row) && (await mayCallAsOften(tx, ctx, row.tier, parent.tier))));
  if (stronger)
    throw new AppError(
      "FORBIDDEN",
      "This key is stronger than you: you may revoke it, and change nothing of it.",
    );
}

/** The operator's keys give any tier. */
const mayCallAsOften = async (...[tx, ctx, tier, outer]: Parameters<typeof isWithinTier>): Promise<boolean> =>
  ctx.actor.permissions.has("installation:update") || (await isWithinTier(tx, ctx, tier, outer));

const isWithinParent = (parent: KeyRow, row: Pick<KeyRow, "expiresAt" | "networks">): boolean =>
  (parent.expiresAt === null || (row.expiresAt !== null && row.expiresAt <= parent.expiresAt)) &&
  (parent.networks === null || (row.networks !== null && networksWithin(parent.networks, row.networks)));

const networksWithin = (outer: readonly string[], inner: readonly string[]): boolean =>
  inner.every((one) => outer.some((other) => covers(parseNetwork(other)!, parseNetwork(one)!)));

/** When a key ends: in the future, and no later than the key that makes it. */
export function expiryOf(text: string | null | undefined, now: number, { parent }: Giver): number | null {
  const latest = parent?.expiresAt ?? null;
  if (text === null || text === undefined) return latest;
  const ms = momentOf("/expiresAt", text);
  if (!(ms > now)) throw invalid("/expiresAt", "expiresAt must lie in the future");
  if (latest !== null && ms > latest)
    throw invalid("/expiresAt", "expiresAt must not lie behind that of the key that asks");
  return ms;
}

/** Where a key may be used from: no more places than the key that makes it. */
export function networksOf(texts: readonly string[] | null | undefined, { parent }: Giver): string[] | null {
  const outer = parent?.networks ?? null;
  if (texts === null || texts === undefined) return outer;
  if (texts.length === 0) throw invalid("/allowedIps", "allowedIps names no address: null allows all");
  for (const [i, text] of texts.entries()) {
    const network = parseNetwork(text);
    if (network === null)
      throw invalid(`/allowedIps/${i}`, `"${text}" is no address or network such as 203.0.113.0/24`);
    if (outer !== null && !networksWithin(outer, [text]))
      throw invalid(`/allowedIps/${i}`, `"${text}" lies outside the networks of the key that asks`);
  }
  return [...new Set(texts.map((text) => text.trim()))];
}
