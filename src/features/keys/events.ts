import { defineEvent, defineUpdate } from "../../platform/events.ts";
import { Key } from "./model.ts";

export const keyCreated = defineEvent("key.created", Key);
export const keyRevoked = defineUpdate("key.revoked", Key);
