import { uniqueViolation } from "../../db/errors.ts";
import { notFound } from "../../lib/errors.ts";
import { isId, newId } from "../../lib/ids.ts";
import { type Context, workspaceOf } from "../../platform/context.ts";
import { type Change, change, Unchanged, withPrevious } from "../../platform/events.ts";
import type { Page, PageRequest } from "../../platform/paging.ts";
import { plainName } from "../../platform/schema.ts";
import { templateNameTaken, tooManyTemplates } from "./errors.ts";
import { templateCreated, templateDeleted, templateUpdated } from "./events.ts";
import {
  type NewTemplate,
  styleOf,
  type Template,
  type TemplatePatch,
  type TemplateRow,
  toTemplate,
} from "./model.ts";
import {
  countTemplates,
  deleteTemplateRow,
  insertTemplate,
  type Reader,
  selectDefaultTemplate,
  selectTemplate,
  selectTemplates,
  updateTemplateRow,
} from "./store.ts";
import { checkStyle, plainStyle, restyled, type StylePatch } from "./style.ts";

const TEMPLATES_MAX = 100;

export async function listTemplates(
  ctx: Context,
  { limit, offset, after }: PageRequest,
): Promise<Page<Template>> {
  const [rows, total] = await Promise.all([
    selectTemplates(ctx, { limit: limit + 1, offset, after: after?.id ?? null }),
    countTemplates(ctx.db.read, ctx),
  ]);
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  return {
    items: items.map(toTemplate),
    total,
    next: rows.length > limit && last ? { value: null, id: last.id } : null,
  };
}

export const readTemplate = async (ctx: Context, id: string): Promise<Template> =>
  toTemplate(await findTemplate(ctx.db.read, ctx, id));

/** @throws AppError NOT_FOUND, for templates of other workspaces too */
export async function findTemplate(read: Reader, ctx: Context, id: string): Promise<TemplateRow> {
  const row = isId("qr", id) ? await selectTemplate(read, ctx, id) : undefined;
  if (!row) throw notFound("QR template");
  return row;
}

/** Keeps a look under a name. One that no scanner could read is refused, as an image of it would be. */
export const createTemplate = (ctx: Context, input: NewTemplate): Promise<Template> =>
  named(() =>
    change(ctx, async (tx) => {
      if ((await countTemplates(tx, ctx)) >= TEMPLATES_MAX) throw tooManyTemplates(TEMPLATES_MAX);
      const isDefault = input.isDefault ?? false;
      if (isDefault) await endDefault(tx, ctx);
      const row: TemplateRow = {
        id: newId("qr", tx.now),
        workspaceId: workspaceOf(ctx),
        ...nameOf(input.name),
        style: kept({}, input.style ?? {}),
        isDefault,
        createdBy: ctx.actor.id,
        createdAt: tx.now,
        updatedAt: tx.now,
      };
      checkStyle(styleOf(row), "/style");
      await insertTemplate(tx, ctx, row);
      tx.record(templateCreated, row.id, toTemplate(row));
      return toTemplate(row);
    }),
  );

/** Changes what the patch names; null in the style clears. Codes that were printed stay as they are. */
export const updateTemplate = (ctx: Context, id: string, patch: TemplatePatch): Promise<Template> =>
  named(() =>
    change(ctx, async (tx) => {
      const before = await findTemplate(tx, ctx, id);
      const after: TemplateRow = {
        ...before,
        ...(patch.name === undefined ? {} : nameOf(patch.name)),
        style: kept(before.style, patch.style ?? {}),
        isDefault: patch.isDefault ?? before.isDefault,
      };
      if (JSON.stringify(before) === JSON.stringify(after)) throw new Unchanged(toTemplate(before));
      checkStyle(styleOf(after), "/style");
      if (after.isDefault && !before.isDefault) await endDefault(tx, ctx);
      return updated(tx, ctx, before, after);
    }),
  );

export const deleteTemplate = (ctx: Context, id: string): Promise<Template> =>
  change(ctx, async (tx) => {
    const row = await findTemplate(tx, ctx, id);
    await deleteTemplateRow(tx, ctx, row.id);
    tx.record(templateDeleted, row.id, toTemplate(row));
    return toTemplate(row);
  });

/** There is one default; another that becomes it takes its place. */
async function endDefault(tx: Change, ctx: Context): Promise<void> {
  const before = await selectDefaultTemplate(tx, ctx);
  if (before) await updated(tx, ctx, before, { ...before, isDefault: false });
}

async function updated(tx: Change, ctx: Context, before: TemplateRow, after: TemplateRow): Promise<Template> {
  const row = { ...after, updatedAt: tx.now };
  await updateTemplateRow(tx, ctx, row);
  tx.record(templateUpdated, row.id, withPrevious(toTemplate(before), toTemplate(row)));
  return toTemplate(row);
}

/** Some of a style as it is kept: without what is cleared, colours in one spelling. */
function kept(before: TemplateRow["style"], patch: StylePatch): TemplateRow["style"] {
  const whole = restyled(plainStyle, patch);
  const cleared = Object.keys(patch).filter((name) => patch[name as keyof StylePatch] === null);
  const given = Object.entries(patch)
    .filter(([, value]) => value !== null && value !== undefined)
    .map(([name]) => [name, whole[name as keyof StylePatch]!]);
  return Object.fromEntries(
    Object.entries({ ...before, ...Object.fromEntries(given) })
      .filter(([name]) => !cleared.includes(name))
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  ) as TemplateRow["style"];
}

function nameOf(text: string) {
  const name = plainName(text);
  return { name, nameKey: name.toLowerCase() };
}

async function named<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw uniqueViolation(error) === "qr_templates_name" ? templateNameTaken(error) : error;
  }
}
