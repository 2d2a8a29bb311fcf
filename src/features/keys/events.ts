import { defineEvent } from "../../platform/events.ts";
import { Key } from "./model.ts";

export const keyCreated = defineEvent("key.created", Key);
export const keyRevoked = defineEvent("key.revoked", Key);
