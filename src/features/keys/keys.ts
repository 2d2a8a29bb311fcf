import { and, count, desc, eq, isNull, lt } from "drizzle-orm";
import { notFound } from "../../lib/errors.ts";
import type { Id } from "../../lib/ids.ts";
import type { Context } from "../../platform/context.ts";
import { change, withPrevious } from "../../platform/events.ts";
import type { Page, PageRequest } from "../../platform/paging.ts";
import { keyRevoked } from "./events.ts";
import { type Key, toKey } from "./model.ts";

/** Keys of the caller's workspace, or the operators' keys for an operator; newest first, revoked ones too. */
export async function listKeys(ctx: Context, { limit, offset, after }: PageRequest): Promise<Page<Key>> {
  const { keys } = ctx.db.tables;
  const beyond = after ? lt(keys.id, after.id as Id<"key">) : undefined;
  const [counted] = await ctx.db.read.select({ total: count() }).from(keys).where(own(ctx));
  const rows = await ctx.db.read
    .select()
    .from(keys)
    .where(and(own(ctx), beyond))
    .orderBy(desc(keys.id))
    .limit(limit + 1)
    .offset(offset);
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  return {
    items: items.map(toKey),
    total: counted?.total ?? 0,
    next: rows.length > limit && last ? { value: null, id: last.id } : null,
  };
}

export async function readKey(ctx: Context, id: string): Promise<Key> {
  const { keys } = ctx.db.tables;
  const [row] = await ctx.db.read
    .select()
    .from(keys)
    .where(and(own(ctx), eq(keys.id, id as Id<"key">)))
    .limit(1);
  if (!row) throw notFound("key");
  return toKey(row);
}

/** Ends a key at once. It stays in the list, so that what it did can be told. */
export const revokeKey = (ctx: Context, id: string): Promise<Key> =>
  change(ctx, async (tx) => {
    const { keys } = ctx.db.tables;
    const mine = and(own(ctx), eq(keys.id, id as Id<"key">));
    const [row] = await tx.select().from(keys).where(mine).limit(1);
    if (!row) throw notFound("key");
    const after = { ...row, revokedAt: row.revokedAt ?? tx.now };
    await tx.update(keys).set({ revokedAt: after.revokedAt }).where(mine);
    const key = toKey(after);
    tx.record(keyRevoked, key.id, withPrevious(toKey(row), key), row.workspaceId);
    return key;
  });

const own = (ctx: Context) => {
  const { keys } = ctx.db.tables;
  const { workspaceId } = ctx.actor;
  return workspaceId === null ? isNull(keys.workspaceId) : eq(keys.workspaceId, workspaceId);
};
