import { defineEvent, defineUpdate } from "../../platform/events.ts";
import { LogoCore, Template } from "./model.ts";

export const templateCreated = defineEvent("qr_template.created", Template);
export const templateUpdated = defineUpdate("qr_template.updated", Template);
export const templateDeleted = defineEvent("qr_template.deleted", Template);
export const logoCreated = defineEvent("qr_logo.created", LogoCore);
export const logoUpdated = defineUpdate("qr_logo.updated", LogoCore);
export const logoDeleted = defineEvent("qr_logo.deleted", LogoCore);
