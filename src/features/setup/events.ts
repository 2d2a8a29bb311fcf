import { Type as t } from "@sinclair/typebox";
import { defineEvent, defineUpdate } from "../../platform/events.ts";
import { nullable } from "../../platform/schema.ts";

export const installationSetUp = defineEvent("installation.set_up", t.Object({ baseUrl: t.String() }));
export const baseUrlChanged = defineUpdate(
  "installation.base_url_changed",
  t.Object({ baseUrl: nullable(t.String()) }),
);
