import { AppError, invalid } from "../../lib/errors.ts";
import { filled } from "../../lib/placeholders.ts";
import type { Context } from "../../platform/context.ts";
import { type UtmField, utmFields } from "./model.ts";
import { findTemplate, type Reader } from "./templates.ts";

export type UtmParts = { [Field in UtmField]?: string | null };

/**
 * The parts of a template for a link, with the name of its campaign filled in; the link fills in the rest.
 * @throws AppError VALIDATION_ERROR when the template is not one of this workspace
 */
export async function utmFrom(
  read: Reader,
  ctx: Context,
  templateId: string,
  campaign: string,
): Promise<UtmParts> {
  const row = await findTemplate(read, ctx, templateId).catch((error: unknown) => {
    if (!(error instanceof AppError)) throw error;
    throw invalid("/utmTemplateId", "utmTemplateId is not a template of this workspace");
  });
  // What a name brings along is no placeholder.
  const values = { campaign: campaign.replace(/[{}]/g, "") };
  return Object.fromEntries(utmFields.map((field) => [field, row[field] && filled(row[field], values)]));
}
