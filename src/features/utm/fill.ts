import { AppError, invalid } from "../../lib/errors.ts";
import type { Context } from "../../platform/context.ts";
import type { Utm, UtmField, UtmPlaceholder, UtmTemplateRow } from "./model.ts";
import { utmFields } from "./model.ts";
import { findTemplate, type Reader } from "./templates.ts";

/** Most that one UTM value of a link may be. */
const VALUE_MAX = 255;

/**
 * The UTM values of a template for one link. A field in which nothing is left is left out.
 * @throws AppError VALIDATION_ERROR when the template is not one of this workspace
 */
export async function utmFrom(
  read: Reader,
  ctx: Context,
  templateId: string,
  facts: Readonly<Record<UtmPlaceholder, string>>,
): Promise<Utm> {
  const row = await findTemplate(read, ctx, templateId).catch((error: unknown) => {
    if (!(error instanceof AppError)) throw error;
    throw invalid("/utmTemplateId", "utmTemplateId is not a template of this workspace");
  });
  return filled(row, facts);
}

export function filled(
  template: Pick<UtmTemplateRow, UtmField>,
  facts: Readonly<Record<UtmPlaceholder, string>>,
): Utm {
  const values = utmFields.map((field): [UtmField, string] => [
    field,
    (template[field] ?? "")
      .replace(/\{(\w+)\}/g, (_, name: UtmPlaceholder) => facts[name])
      .slice(0, VALUE_MAX)
      .toWellFormed()
      .trim(),
  ]);
  return Object.fromEntries(values.filter(([, value]) => value !== ""));
}
