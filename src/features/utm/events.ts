import { defineEvent, defineUpdate } from "../../platform/events.ts";
import { UtmTemplate } from "./model.ts";

export const utmTemplateCreated = defineEvent("utm_template.created", UtmTemplate);
export const utmTemplateUpdated = defineUpdate("utm_template.updated", UtmTemplate);
export const utmTemplateDeleted = defineEvent("utm_template.deleted", UtmTemplate);
