import { eq } from "drizzle-orm";
import { AppError, notFound } from "../../lib/errors.ts";
import { assertFresh } from "../../platform/callers.ts";
import type { Context } from "../../platform/context.ts";
import { change } from "../../platform/events.ts";
import { countSealed, resealJob } from "../../platform/resealing.ts";
import { isoOf } from "../../platform/schema.ts";
import { lostKeys, proofOf } from "../../platform/sealing-keys.ts";
import { keyringKeyForgotten, keyringKeyRetired, keyringRotated } from "./events.ts";
import type { SealingKey } from "./model.ts";

/** The sealing keys of the ring, the newest first. */
export async function listSealingKeys(ctx: Context): Promise<SealingKey[]> {
  const rows = await ctx.db.read.select().from(ctx.db.tables.sealingKeys);
  const since = new Map(rows.map(({ id, createdAt }) => [id, createdAt]));
  return Promise.all(
    ctx.keyring.sealing().map(async ({ id }, i) => ({
      id,
      newest: i === 0,
      sealed: await countSealed(ctx, id),
      usedSince: isoOf(since.get(id) ?? ctx.at),
    })),
  );
}

/**
 * Puts a new key on the ring, which seals from now on, and another that signs access tokens. Older ones go on opening; a job seals anew what they have
 * sealed, and then they can be retired.
 */
export async function rotateKeyring(ctx: Context): Promise<SealingKey[]> {
  assertFresh(ctx);
  const previous = ctx.keyring.sealing()[0]!.id;
  const { id } = ctx.keyring.addSealingKey();
  await change(ctx, async (tx) => {
    const row = { id, proof: proofOf(ctx, id), createdAt: tx.now };
    await tx.insert(ctx.db.tables.sealingKeys).values(row).onConflictDoNothing();
    tx.enqueue(resealJob, {}, { workspaceId: null, uniqueKey: id });
    tx.record(keyringRotated, id, { id, previous: { id: previous } }, null);
  });
  await ctx.signing.rotate(ctx.config.WAYPOST_ACCESS_TOKEN_LIFE);
  return listSealingKeys(ctx);
}

/** Longer than any transaction that sealed with the key before, and has not ended. */
const SETTLED_MS = 60_000;

/** Takes a key off the ring that has nothing sealed any more. */
export async function retireSealingKey(ctx: Context, id: string): Promise<SealingKey[]> {
  assertFresh(ctx);
  const keys = await listSealingKeys(ctx);
  const key = keys.find((one) => one.id === id);
  if (!key) throw notFound("sealing key");
  const [newest] = keys;
  if (!key.newest && (key.sealed > 0 || ctx.at - Date.parse(newest!.usedSince) < SETTLED_MS))
    throw new AppError(
      "CONFLICT",
      `${key.sealed} secrets are still sealed with this key. They are being sealed anew: try again in a minute.`,
    );
  ctx.keyring.removeSealingKey(id);
  const { sealingKeys } = ctx.db.tables;
  await change(ctx, async (tx) => {
    await tx.delete(sealingKeys).where(eq(sealingKeys.id, id));
    tx.record(keyringKeyRetired, id, { id }, null);
  });
  return listSealingKeys(ctx);
}

/** Gives up the keys that are not on the ring, and what they have sealed. Answers their ids. */
export async function forgetLostKeys(ctx: Context): Promise<string[]> {
  const lost = await lostKeys(ctx);
  if (lost.length === 0) return [];
  const { sealingKeys } = ctx.db.tables;
  await change(ctx, async (tx) => {
    for (const id of lost) {
      await tx.delete(sealingKeys).where(eq(sealingKeys.id, id));
      tx.record(keyringKeyForgotten, id, { id }, null);
    }
  });
  return lost;
}
