import { defineEvent, defineUpdate } from "../../platform/events.ts";
import { Key, Token } from "./model.ts";

export const keyCreated = defineEvent("key.created", Key);
export const keyUpdated = defineUpdate("key.updated", Key);
export const keyRotated = defineUpdate("key.rotated", Key);
export const keyRevoked = defineUpdate("key.revoked", Key);

export const tokenCreated = defineEvent("token.created", Token);
export const tokenRotated = defineUpdate("token.rotated", Token);
export const tokenRevoked = defineUpdate("token.revoked", Token);
