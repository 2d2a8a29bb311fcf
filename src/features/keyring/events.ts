import { Type as t } from "@sinclair/typebox";
import { defineEvent, defineUpdate } from "../../platform/events.ts";

const told = { id: t.String() };

/** A new key seals from now on; what others have sealed is sealed anew. */
export const keyringRotated = defineUpdate("keyring.rotated", t.Object(told));
export const keyringKeyRetired = defineEvent("keyring.key_retired", t.Object(told));
/** What it has sealed was given up. */
export const keyringKeyForgotten = defineEvent("keyring.key_forgotten", t.Object(told));
