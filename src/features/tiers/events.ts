import { Type as t } from "@sinclair/typebox";
import { defineEvent } from "../../platform/events.ts";
import { Tier } from "./model.ts";

export const tierCreated = defineEvent("tier.created", Tier);
/** `previous` holds the fields that were otherwise. */
export const tierUpdated = defineEvent(
  "tier.updated",
  t.Composite([Tier, t.Object({ previous: t.Partial(Tier) })]),
);
export const tierDeleted = defineEvent("tier.deleted", Tier);
