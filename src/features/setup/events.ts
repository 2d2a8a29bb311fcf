import { Type as t } from "@sinclair/typebox";
import { defineEvent } from "../../platform/events.ts";

export const installationSetUp = defineEvent("installation.set_up", t.Object({ baseUrl: t.String() }));
export const baseUrlChanged = defineEvent("installation.base_url_changed", t.Object({ baseUrl: t.String() }));
