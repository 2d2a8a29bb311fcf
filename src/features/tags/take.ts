import { count } from "drizzle-orm";
import { AppError } from "../../lib/errors.ts";
import { type Id, newId } from "../../lib/ids.ts";
import { type Context, workspaceOf } from "../../platform/context.ts";
import type { Change } from "../../platform/events.ts";
import { tagCreated } from "./events.ts";
import { type TagRow, tagNamed, toTagCore } from "./model.ts";
import { mine, type Reader, selectByKeys, selectContaining, selectStandIns } from "./store.ts";

/** A tag as a link has it. */
export type Taken = Pick<TagRow, "id" | "name">;

/** More would be words and no order. */
export const TAGS_MAX = 10_000;

/** The tags of these names, in their order and each once; those that are not there are made. */
export async function takeTags(tx: Change, ctx: Context, names: readonly string[]): Promise<Taken[]> {
  if (names.length === 0) return [];
  const wanted = new Map(names.map(tagNamed).map((one) => [one.nameKey, one]));
  const known = new Map((await selectByKeys(tx, ctx, [...wanted.keys()])).map((row) => [row.nameKey, row]));
  const missing = [...wanted.values()].filter(({ nameKey }) => !known.has(nameKey));
  for (const row of await addTags(tx, ctx, missing)) known.set(row.nameKey, row);
  return [...wanted.keys()].map((key) => known.get(key)!);
}

/** @throws AppError CONFLICT when the workspace would have too many */
export async function addTags(
  tx: Change,
  ctx: Context,
  wanted: readonly (Pick<TagRow, "name" | "nameKey"> & Partial<Pick<TagRow, "color">>)[],
): Promise<TagRow[]> {
  if (wanted.length === 0) return [];
  const { tags } = ctx.db.tables;
  const [counted] = await tx.select({ total: count() }).from(tags).where(mine(ctx));
  if ((counted?.total ?? 0) + wanted.length > TAGS_MAX)
    throw new AppError("CONFLICT", `A workspace has at most ${TAGS_MAX} tags.`);
  const rows = wanted.map(
    ({ name, nameKey, color = "gray" }): TagRow => ({
      id: newId("tag", tx.now),
      workspaceId: workspaceOf(ctx),
      name,
      nameKey,
      color,
      mergedInto: null,
      goneAt: null,
      createdBy: ctx.actor.id,
      createdAt: tx.now,
      updatedAt: tx.now,
    }),
  );
  await tx.insert(tags).values(rows);
  for (const row of rows) tx.record(tagCreated, row.id, toTagCore(row), row.workspaceId);
  return rows;
}

/** For each name the ids by which links may have that tag; none for one that is not there. */
export async function tagIdsOf(read: Reader, ctx: Context, names: readonly string[]): Promise<Id<"tag">[][]> {
  const keys = names.map((name) => tagNamed(name).nameKey);
  const rows = await selectByKeys(read, ctx, keys);
  const standIns = await selectStandIns(
    read,
    ctx,
    rows.map(({ id }) => id),
  );
  return keys.map((key) => {
    const row = rows.find(({ nameKey }) => nameKey === key);
    return row ? standIns.filter(({ of }) => of === row.id).map(({ id }) => id) : [];
  });
}

/** The ids by which links may have a tag with this in its name, of some few tags. */
export async function tagIdsContaining(ctx: Context, text: string, limit: number): Promise<Id<"tag">[]> {
  const rows = await selectContaining(ctx, text, limit);
  const found = await selectStandIns(
    ctx.db.read,
    ctx,
    rows.map(({ id }) => id),
  );
  return found.map(({ id }) => id);
}
