import { and, count, desc, eq, inArray, isNull, lt, ne, or, type SQL } from "drizzle-orm";
import type { Tx } from "../../db/database.ts";
import { AppError, notFound } from "../../lib/errors.ts";
import type { Id } from "../../lib/ids.ts";
import { type Context, workspaceOf } from "../../platform/context.ts";
import type { PageRequest } from "../../platform/paging.ts";
import { isHeld } from "../workspaces/held.ts";
import type { KeyRow } from "./model.ts";

export type Reader = Pick<Tx, "select">;

/** Which keys a route is about; personal tokens are never among them. */
export type Whose = (ctx: Context, read: Reader) => SQL | undefined;

/** Operators' keys, wherever the operator acts. */
export const operatorKeys: Whose = ({ db: { tables } }) =>
  and(isNull(tables.keys.workspaceId), ne(tables.keys.kind, "personal"));

/** Keys of the caller's workspace, on the live side with its test keys. */
export const workspaceKeys: Whose = (ctx, read) => {
  const { keys, workspaces } = ctx.db.tables;
  const workspaceId = workspaceOf(ctx);
  const testSide = read
    .select({ id: workspaces.id })
    .from(workspaces)
    .where(eq(workspaces.testOf, workspaceId));
  return or(eq(keys.workspaceId, workspaceId), inArray(keys.workspaceId, testSide));
};

/** The caller's own personal tokens. */
export const tokensOf = (ctx: Context, userId: Id<"usr">) =>
  and(eq(ctx.db.tables.keys.userId, userId), eq(ctx.db.tables.keys.kind, "personal"));

type Where = SQL | undefined;

/** Newest first, one more than asked for, and how many there are. */
export async function selectKeys(
  ctx: Context,
  where: Where,
  { limit, offset, after }: PageRequest,
): Promise<{ rows: KeyRow[]; total: number }> {
  const { keys } = ctx.db.tables;
  const beyond = after ? lt(keys.id, after.id as Id<"key">) : undefined;
  const [counted] = await ctx.db.read.select({ total: count() }).from(keys).where(where);
  const rows = await ctx.db.read
    .select()
    .from(keys)
    .where(and(where, beyond))
    .orderBy(desc(keys.id))
    .limit(limit + 1)
    .offset(offset);
  return { rows, total: counted?.total ?? 0 };
}

/** Those of them that whoever bounds them has not left. */
export async function selectHeld(ctx: Context, rows: readonly KeyRow[]): Promise<ReadonlySet<string>> {
  const { keys } = ctx.db.tables;
  const ids = rows.map(({ id }) => id);
  const held = await ctx.db.read
    .select({ id: keys.id })
    .from(keys)
    .where(and(inArray(keys.id, ids), isHeld(ctx.db.read, ctx)));
  return new Set(held.map(({ id }) => id));
}

/** @throws AppError NOT_FOUND */
export async function selectKey(read: Reader, ctx: Context, where: Where, id: string): Promise<KeyRow> {
  const { keys } = ctx.db.tables;
  const [row] = await read
    .select()
    .from(keys)
    .where(and(where, eq(keys.id, id as Id<"key">)))
    .limit(1);
  if (!row) throw notFound("key");
  return row;
}

/** Under which workspace it is recorded what became of a key: the one whose people keep it; null for operators' keys. */
export const homeOf = ({ actor }: Context, { workspaceId }: Pick<KeyRow, "workspaceId">): Id<"ws"> | null =>
  workspaceId === null ? null : (actor.workspaceId ?? workspaceId);

/** The key the call was made with; null when it was made with none. */
export async function ownKey(read: Reader, { db, actor }: Context): Promise<KeyRow | null> {
  if (actor.application === null) return null;
  const { keys } = db.tables;
  const [row] = await read.select().from(keys).where(eq(keys.id, actor.application.keyId)).limit(1);
  return row ?? null;
}

/** Keys in use that one workspace, one person or the installation may have. */
const KEYS_MAX = 500;

export async function refuseTooMany(read: Reader, ctx: Context, where: Where): Promise<void> {
  const { keys } = ctx.db.tables;
  const [row] = await read
    .select({ total: count() })
    .from(keys)
    .where(and(where, isNull(keys.revokedAt)));
  if ((row?.total ?? 0) >= KEYS_MAX)
    throw new AppError("CONFLICT", `There are ${KEYS_MAX} keys in use already: revoke some first.`);
}

/** An extension of the caller's workspace. */
export async function selectExtensionId(read: Reader, ctx: Context, id: string): Promise<Id<"extn"> | null> {
  const { extensions } = ctx.db.tables;
  const [row] = await read
    .select({ id: extensions.id })
    .from(extensions)
    .where(and(eq(extensions.id, id as Id<"extn">), eq(extensions.workspaceId, workspaceOf(ctx))))
    .limit(1);
  return row?.id ?? null;
}
