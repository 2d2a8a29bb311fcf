import { Type as t } from "@sinclair/typebox";
import { defineEvent } from "../../platform/events.ts";
import { nullable } from "../../platform/schema.ts";

export const installationSetUp = defineEvent("installation.set_up", t.Object({ baseUrl: t.String() }));
/** `previous` is the base URL that was given up. */
export const baseUrlChanged = defineEvent(
  "installation.base_url_changed",
  t.Object({ baseUrl: t.String(), previous: nullable(t.String()) }),
);
