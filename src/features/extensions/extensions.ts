import { and, count, desc, eq, isNull, lt } from "drizzle-orm";
import type { Tx } from "../../db/database.ts";
import { uniqueViolation } from "../../db/errors.ts";
import { AppError, invalid, notFound } from "../../lib/errors.ts";
import { type Id, newId } from "../../lib/ids.ts";
import { type Context, workspaceOf } from "../../platform/context.ts";
import { change, Unchanged } from "../../platform/events.ts";
import type { Page, PageRequest } from "../../platform/paging.ts";
import { differing, plainName } from "../../platform/schema.ts";
import { extensionCreated, extensionDeleted, extensionUpdated } from "./events.ts";
import {
  type Extension,
  type ExtensionPatch,
  type ExtensionRow,
  type NewExtension,
  toExtension,
} from "./model.ts";

const EXTENSIONS_MAX = 200;

/** Registers an extension. Keys of the kind `extension` are then made for it. */
export const createExtension = (ctx: Context, input: NewExtension): Promise<Extension> =>
  taken(
    change(ctx, async (tx) => {
      const { extensions } = ctx.db.tables;
      const [counted] = await tx.select({ total: count() }).from(extensions).where(mine(ctx));
      if ((counted?.total ?? 0) >= EXTENSIONS_MAX)
        throw new AppError("CONFLICT", `A workspace registers ${EXTENSIONS_MAX} extensions at most.`);
      const row: ExtensionRow = {
        id: newId("extn", tx.now),
        workspaceId: workspaceOf(ctx),
        name: plainName(input.name),
        appId: input.appId,
        storeUrl: storeUrlOf(input.storeUrl ?? null),
        enabled: input.enabled ?? true,
        createdBy: ctx.actor.id,
        createdAt: tx.now,
        updatedAt: tx.now,
      };
      await tx.insert(extensions).values(row);
      const extension = toExtension(row);
      tx.record(extensionCreated, extension.id, extension);
      return extension;
    }),
  );

/** The registry of the workspace, newest first. */
export async function listExtensions(
  ctx: Context,
  { limit, offset, after }: PageRequest,
): Promise<Page<Extension>> {
  const { extensions } = ctx.db.tables;
  const beyond = after ? lt(extensions.id, after.id as Id<"extn">) : undefined;
  const [counted] = await ctx.db.read.select({ total: count() }).from(extensions).where(mine(ctx));
  const rows = await ctx.db.read
    .select()
    .from(extensions)
    .where(and(mine(ctx), beyond))
    .orderBy(desc(extensions.id))
    .limit(limit + 1)
    .offset(offset);
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  return {
    items: items.map(toExtension),
    total: counted?.total ?? 0,
    next: rows.length > limit && last ? { value: null, id: last.id } : null,
  };
}

export const readExtension = async (ctx: Context, id: string): Promise<Extension> =>
  toExtension(await findExtension(ctx.db.read, ctx, id));

/** Changes what the patch names; null clears. Its credentials follow at once. */
export const updateExtension = (ctx: Context, id: string, patch: ExtensionPatch): Promise<Extension> =>
  taken(
    change(ctx, async (tx) => {
      const { extensions } = ctx.db.tables;
      const before = await findExtension(tx, ctx, id);
      const after = {
        ...before,
        name: patch.name === undefined ? before.name : plainName(patch.name),
        appId: patch.appId ?? before.appId,
        storeUrl: patch.storeUrl === undefined ? before.storeUrl : storeUrlOf(patch.storeUrl),
        enabled: patch.enabled ?? before.enabled,
      };
      const previous = differing(toExtension(before), toExtension(after));
      if (Object.keys(previous).length === 0) throw new Unchanged(toExtension(before));
      const row = { ...after, updatedAt: tx.now };
      await tx
        .update(extensions)
        .set(row)
        .where(and(mine(ctx), eq(extensions.id, before.id)));
      const extension = toExtension(row);
      tx.record(extensionUpdated, extension.id, { ...extension, previous });
      return extension;
    }),
  );

/** Takes it out of the registry, once none of its credentials is in use. */
export const deleteExtension = (ctx: Context, id: string): Promise<Extension> =>
  change(ctx, async (tx) => {
    const { extensions, keys } = ctx.db.tables;
    const row = await findExtension(tx, ctx, id);
    const [counted] = await tx
      .select({ total: count() })
      .from(keys)
      .where(and(eq(keys.extensionId, row.id), isNull(keys.revokedAt)));
    if (counted && counted.total > 0)
      throw new AppError(
        "CONFLICT",
        `${counted.total} keys of this extension are in use: revoke them first.`,
      );
    await tx.update(keys).set({ extensionId: null }).where(eq(keys.extensionId, row.id));
    await tx.delete(extensions).where(and(mine(ctx), eq(extensions.id, row.id)));
    const extension = toExtension(row);
    tx.record(extensionDeleted, extension.id, extension);
    return extension;
  });

const mine = (ctx: Context) => eq(ctx.db.tables.extensions.workspaceId, workspaceOf(ctx));

async function findExtension(read: Pick<Tx, "select">, ctx: Context, id: string): Promise<ExtensionRow> {
  const { extensions } = ctx.db.tables;
  const [row] = await read
    .select()
    .from(extensions)
    .where(and(mine(ctx), eq(extensions.id, id as Id<"extn">)))
    .limit(1);
  if (!row) throw notFound("extension");
  return row;
}

/** It is shown as a link. */
function storeUrlOf(text: string | null): string | null {
  if (text === null) return null;
  const url = URL.parse(text);
  if (!url || !/^https?:$/.test(url.protocol) || url.username || url.password)
    throw invalid("/storeUrl", "storeUrl must be an http or https address");
  return url.href;
}

async function taken<T>(stored: Promise<T>): Promise<T> {
  try {
    return await stored;
  } catch (error) {
    if (uniqueViolation(error) !== "extensions_app") throw error;
    throw new AppError("CONFLICT", "An extension with this appId is registered already.", {
      details: [{ path: "/appId", message: "appId is taken" }],
      cause: error,
    });
  }
}
