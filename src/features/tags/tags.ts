import { eq } from "drizzle-orm";
import { uniqueViolation } from "../../db/errors.ts";
import { AppError, invalid, notFound } from "../../lib/errors.ts";
import { isId } from "../../lib/ids.ts";
import type { Context } from "../../platform/context.ts";
import { type Change, change, Unchanged, withPrevious } from "../../platform/events.ts";
import type { Page, PageRequest } from "../../platform/paging.ts";
import { tagDeleted, tagMerged, tagUpdated } from "./events.ts";
import { settleTagJob } from "./jobs.ts";
import { type NewTag, type Tag, type TagPatch, type TagRow, tagNamed, toTagCore } from "./model.ts";
import { countLinks, type Reader, selectPage, selectTag } from "./store.ts";
import { addTags } from "./take.ts";

/** By name, with how many links have each. */
export async function listTags(
  ctx: Context,
  search: string | undefined,
  request: PageRequest,
): Promise<Page<Tag>> {
  const key = search === undefined ? undefined : tagNamed(search).nameKey;
  const { rows, total } = await selectPage(ctx, key, request);
  const items = rows.slice(0, request.limit);
  const links = await countLinks(
    ctx.db.read,
    ctx,
    items.map(({ id }) => id),
  );
  const last = items.at(-1);
  return {
    items: items.map((row) => ({ ...toTagCore(row), links: links.get(row.id) ?? 0 })),
    total,
    next: rows.length > request.limit && last ? { value: last.nameKey, id: last.id } : null,
  };
}

export const readTag = async (ctx: Context, id: string): Promise<Tag> =>
  counted(ctx.db.read, ctx, await findTag(ctx.db.read, ctx, id));

export const createTag = (ctx: Context, { name, color }: NewTag): Promise<Tag> =>
  unlessTaken(
    change(ctx, async (tx) => {
      const [row] = await addTags(tx, ctx, [{ ...tagNamed(name), ...(color && { color }) }]);
      return { ...toTagCore(row!), links: 0 };
    }),
  );

/** Gives it another name or colour. Links have it by its id, so all of them follow at once. */
export const updateTag = (ctx: Context, id: string, patch: TagPatch): Promise<Tag> =>
  unlessTaken(
    change(ctx, async (tx) => {
      const before = await findTag(tx, ctx, id);
      const row = {
        ...before,
        ...(patch.name === undefined ? {} : tagNamed(patch.name)),
        color: patch.color ?? before.color,
        updatedAt: tx.now,
      };
      if (row.name === before.name && row.color === before.color)
        throw new Unchanged(await counted(tx, ctx, before));
      const { tags } = ctx.db.tables;
      await tx.update(tags).set(row).where(eq(tags.id, row.id));
      tx.record(tagUpdated, row.id, withPrevious(toTagCore(before), toTagCore(row)));
      return counted(tx, ctx, row);
    }),
  );

/** Takes it off all links. They no longer show it from now on; a job then takes it off their rows. */
export const deleteTag = (ctx: Context, id: string): Promise<Tag> =>
  change(ctx, async (tx) => {
    const row = await findTag(tx, ctx, id);
    const tag = await counted(tx, ctx, row);
    await leave(tx, ctx, row, null);
    tx.record(tagDeleted, row.id, toTagCore(row));
    return tag;
  });

/** Gives the links of a tag another tag instead, and ends it. Answers the one that stays. */
export const mergeTag = (ctx: Context, id: string, into: string): Promise<Tag> =>
  change(ctx, async (tx) => {
    const row = await findTag(tx, ctx, id);
    if (row.id === into) throw invalid("/into", "into is the tag itself: name another");
    const other = await findTag(tx, ctx, into).catch(() => {
      throw invalid("/into", "into is not a tag of this workspace");
    });
    await leave(tx, ctx, row, other);
    tx.record(tagMerged, row.id, { ...toTagCore(row), into: other.id });
    return counted(tx, ctx, other);
  });

/** Its name is free from now on. What was to be merged into it goes where it goes. */
async function leave(tx: Change, ctx: Context, { id }: TagRow, into: TagRow | null): Promise<void> {
  const { tags } = ctx.db.tables;
  const mergedInto = into?.id ?? null;
  await tx.update(tags).set({ mergedInto }).where(eq(tags.mergedInto, id));
  await tx.update(tags).set({ mergedInto, nameKey: id, goneAt: tx.now }).where(eq(tags.id, id));
  tx.enqueue(settleTagJob, { tagId: id }, { uniqueKey: `tags.settle ${id}` });
}

async function counted(read: Reader, ctx: Context, row: TagRow): Promise<Tag> {
  return { ...toTagCore(row), links: (await countLinks(read, ctx, [row.id])).get(row.id) ?? 0 };
}

/** @throws AppError NOT_FOUND, for tags of other workspaces too */
async function findTag(read: Reader, ctx: Context, id: string): Promise<TagRow> {
  const row = isId("tag", id) ? await selectTag(read, ctx, id) : undefined;
  if (!row) throw notFound("tag");
  return row;
}

const unlessTaken = (work: Promise<Tag>): Promise<Tag> =>
  work.catch((error: unknown) => {
    if (uniqueViolation(error) !== "tags_name") throw error;
    throw new AppError("CONFLICT", "Another tag has this name. Merge one into the other instead.", {
      details: [{ path: "/name", message: "name is taken" }],
      cause: error,
    });
  });
