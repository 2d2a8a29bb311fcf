import { eq } from "drizzle-orm";
import type { Context } from "../../platform/context.ts";
import { type Change, change, withPrevious } from "../../platform/events.ts";
import type { Page, PageRequest } from "../../platform/paging.ts";
import { keyRevoked } from "./events.ts";
import { type Key, type KeyNow, type KeyRow, toKey, toKeyNow } from "./model.ts";
import { homeOf, selectHeld, selectKey, selectKeys, type Whose, workspaceKeys } from "./store.ts";

/** Keys of the caller's workspace, or the operators'; newest first, revoked ones too. */
export async function listKeys(
  ctx: Context,
  request: PageRequest,
  whose: Whose = workspaceKeys,
): Promise<Page<KeyNow>> {
  const { rows, total } = await selectKeys(ctx, whose(ctx, ctx.db.read), request);
  return pageOf(rows, total, request, await atThisMoment(ctx, rows));
}

export async function readKey(ctx: Context, id: string): Promise<KeyNow> {
  const row = await selectKey(ctx.db.read, ctx, workspaceKeys(ctx, ctx.db.read), id);
  return (await atThisMoment(ctx, [row]))(row);
}

async function atThisMoment(ctx: Context, rows: readonly KeyRow[]): Promise<(row: KeyRow) => KeyNow> {
  const held = await selectHeld(ctx, rows);
  const now = ctx.clock.now();
  return (row) => toKeyNow(row, now, held.has(row.id));
}

/** Ends a key at once, with the secret of before. It stays in the list, so that what it did can be told. */
export const revokeKey = (ctx: Context, id: string, whose: Whose = workspaceKeys): Promise<Key> =>
  change(ctx, async (tx) => {
    const row = await selectKey(tx, ctx, whose(ctx, tx), id);
    const key = toKey(await endKey(tx, ctx, row));
    tx.record(keyRevoked, key.id, withPrevious(toKey(row), key), homeOf(ctx, row));
    return key;
  });

/** The row alone; the first time counts. */
export async function endKey(tx: Change, ctx: Context, row: KeyRow): Promise<KeyRow> {
  const { keys } = ctx.db.tables;
  const set = { revokedAt: row.revokedAt ?? tx.now, updatedAt: row.revokedAt ? row.updatedAt : tx.now };
  await tx.update(keys).set(set).where(eq(keys.id, row.id));
  return { ...row, ...set };
}

/** A page of rows of which one more was asked for. */
export function pageOf<T>(
  rows: readonly KeyRow[],
  total: number,
  { limit }: PageRequest,
  show: (row: KeyRow) => T,
): Page<T> {
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  return {
    items: items.map(show),
    total,
    next: rows.length > limit && last ? { value: null, id: last.id } : null,
  };
}
