import { and, asc, count, eq } from "drizzle-orm";
import type { Tx } from "../../db/database.ts";
import { uniqueViolation } from "../../db/errors.ts";
import { AppError, invalid, notFound } from "../../lib/errors.ts";
import { type Id, newId } from "../../lib/ids.ts";
import { type Context, workspaceOf } from "../../platform/context.ts";
import { change, Unchanged, withPrevious } from "../../platform/events.ts";
import { afterPlace, type Page, type PageRequest } from "../../platform/paging.ts";
import { utmTemplateCreated, utmTemplateDeleted, utmTemplateUpdated } from "./events.ts";
import {
  type NewUtmTemplate,
  templateNamed,
  toUtmTemplate,
  type UtmTemplate,
  type UtmTemplatePatch,
  type UtmTemplateRow,
  utmFields,
} from "./model.ts";

export type Reader = Pick<Tx, "select">;

const TEMPLATES_MAX = 500;

/** By name. */
export async function listTemplates(
  ctx: Context,
  { limit, offset, after }: PageRequest,
): Promise<Page<UtmTemplate>> {
  const { utmTemplates: all } = ctx.db.tables;
  const beyond = after ? afterPlace(all.nameKey, all.id, "asc", after) : undefined;
  const [counted] = await ctx.db.read.select({ total: count() }).from(all).where(mine(ctx));
  const rows = await ctx.db.read
    .select()
    .from(all)
    .where(and(mine(ctx), beyond))
    .orderBy(asc(all.nameKey), asc(all.id))
    .limit(limit + 1)
    .offset(offset);
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  return {
    items: items.map(toUtmTemplate),
    total: counted?.total ?? 0,
    next: rows.length > limit && last ? { value: last.nameKey, id: last.id } : null,
  };
}

export const readTemplate = async (ctx: Context, id: string): Promise<UtmTemplate> =>
  toUtmTemplate(await findTemplate(ctx.db.read, ctx, id));

export const createTemplate = (ctx: Context, input: NewUtmTemplate): Promise<UtmTemplate> =>
  unlessTaken(
    change(ctx, async (tx) => {
      const { utmTemplates } = ctx.db.tables;
      const [counted] = await tx.select({ total: count() }).from(utmTemplates).where(mine(ctx));
      if ((counted?.total ?? 0) >= TEMPLATES_MAX)
        throw new AppError("CONFLICT", `A workspace has at most ${TEMPLATES_MAX} UTM templates.`);
      const row = checked({
        id: newId("utm", tx.now),
        workspaceId: workspaceOf(ctx),
        ...templateNamed(input.name),
        source: input.source ?? null,
        medium: input.medium ?? null,
        campaign: input.campaign ?? null,
        term: input.term ?? null,
        content: input.content ?? null,
        createdBy: ctx.actor.id,
        createdAt: tx.now,
        updatedAt: tx.now,
      });
      await tx.insert(utmTemplates).values(row);
      tx.record(utmTemplateCreated, row.id, toUtmTemplate(row));
      return toUtmTemplate(row);
    }),
  );

/** Links that were made with it stay as they are. */
export const updateTemplate = (ctx: Context, id: string, patch: UtmTemplatePatch): Promise<UtmTemplate> =>
  unlessTaken(
    change(ctx, async (tx) => {
      const before = await findTemplate(tx, ctx, id);
      const { name, ...parts } = patch;
      const after = checked({ ...before, ...(name === undefined ? {} : templateNamed(name)), ...parts });
      if (JSON.stringify(after) === JSON.stringify(before)) throw new Unchanged(toUtmTemplate(before));
      const row = { ...after, updatedAt: tx.now };
      const { utmTemplates } = ctx.db.tables;
      await tx.update(utmTemplates).set(row).where(eq(utmTemplates.id, row.id));
      tx.record(utmTemplateUpdated, row.id, withPrevious(toUtmTemplate(before), toUtmTemplate(row)));
      return toUtmTemplate(row);
    }),
  );

export const deleteTemplate = (ctx: Context, id: string): Promise<UtmTemplate> =>
  change(ctx, async (tx) => {
    const row = await findTemplate(tx, ctx, id);
    const { utmTemplates } = ctx.db.tables;
    await tx.delete(utmTemplates).where(eq(utmTemplates.id, row.id));
    tx.record(utmTemplateDeleted, row.id, toUtmTemplate(row));
    return toUtmTemplate(row);
  });

/** @throws AppError NOT_FOUND, for templates of other workspaces too */
export async function findTemplate(read: Reader, ctx: Context, id: string): Promise<UtmTemplateRow> {
  const { utmTemplates } = ctx.db.tables;
  const [row] = await read
    .select()
    .from(utmTemplates)
    .where(and(mine(ctx), eq(utmTemplates.id, id as Id<"utm">)))
    .limit(1);
  if (!row) throw notFound("UTM template");
  return row;
}

const mine = (ctx: Context) => eq(ctx.db.tables.utmTemplates.workspaceId, workspaceOf(ctx));

function checked(row: UtmTemplateRow): UtmTemplateRow {
  if (utmFields.every((field) => row[field] === null))
    throw invalid("/source", `one of ${utmFields.join(", ")} is needed`);
  return row;
}

const unlessTaken = (work: Promise<UtmTemplate>): Promise<UtmTemplate> =>
  work.catch((error: unknown) => {
    if (uniqueViolation(error) !== "utm_templates_name") throw error;
    throw new AppError("CONFLICT", "Another UTM template has this name.", {
      details: [{ path: "/name", message: "name is taken" }],
      cause: error,
    });
  });
