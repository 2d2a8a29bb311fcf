import { eq } from "drizzle-orm";
import { AppError } from "../../lib/errors.ts";
import { newApiKey, newPersonalToken } from "../../lib/secrets.ts";
import type { Context } from "../../platform/context.ts";
import { type Change, change } from "../../platform/events.ts";
import { differing, isoOf } from "../../platform/schema.ts";
import { noticeToCaller } from "../identity/notices.ts";
import { revokedAlready, secretOf } from "./create.ts";
import { keyRotated } from "./events.ts";
import { checkNotStronger, giverOf } from "./grant.ts";
import { type KeyRotation, type KeyRow, type KeyWithSecret, toKey } from "./model.ts";
import { homeOf, ownKey, selectKey, type Whose, workspaceKeys } from "./store.ts";

const OVERLAP_SECONDS = 3600;
const LETTERS = { secret: "sk", publishable: "pk", extension: "ek" } as const;

/** Gives a key a new secret. The one of before works on for a while, so that no call fails meanwhile. */
export const rotateKey = (
  ctx: Context,
  id: string,
  input: KeyRotation,
  whose: Whose = workspaceKeys,
): Promise<KeyWithSecret> =>
  change(ctx, async (tx) => {
    const before = await selectKey(tx, ctx, whose(ctx, tx), id);
    const giver = giverOf(ctx, await ownKey(tx, ctx));
    await checkNotStronger(tx, ctx, giver, before);
    // Whoever takes a new secret answers for the key from now on; a key takes it in the name of its maker.
    const makerId = ctx.actor.person === null ? before.makerId : giver.makerId;
    const { row, secret } = await turnOver(tx, ctx, { ...before, makerId }, input);
    const key = toKey(row);
    tx.record(keyRotated, key.id, { ...key, previous: differing(toKey(before), key) }, homeOf(ctx, row));
    await noticeToCaller(tx, ctx, "keyMade");
    return { ...key, secret };
  });

/** The row alone, for keys and personal tokens. */
export async function turnOver(
  tx: Change,
  ctx: Context,
  before: KeyRow,
  { overlapSeconds = OVERLAP_SECONDS }: KeyRotation,
): Promise<{ row: KeyRow; secret: string }> {
  const { keys } = ctx.db.tables;
  if (before.revokedAt !== null || (before.expiresAt !== null && before.expiresAt <= tx.now))
    throw revokedAlready();
  const overlapping = before.previousUntil !== null && before.previousUntil > tx.now;
  if (overlapping && overlapSeconds > 0)
    throw new AppError(
      "CONFLICT",
      `The secret of before works until ${isoOf(before.previousUntil!)}. Rotate after that, or with overlapSeconds 0 to end all but the new one at once.`,
    );
  const secret =
    before.kind === "personal" ? newPersonalToken() : newApiKey(before.environment, LETTERS[before.kind]);
  const row = {
    ...before,
    ...secretOf(secret),
    previousHash: overlapSeconds > 0 ? before.hash : null,
    previousUntil: overlapSeconds > 0 ? tx.now + overlapSeconds * 1000 : null,
    rotatedAt: tx.now,
    updatedAt: tx.now,
  };
  await tx.update(keys).set(row).where(eq(keys.id, before.id));
  return { row, secret };
}
