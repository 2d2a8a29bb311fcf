import { Type as t } from "@sinclair/typebox";
import { defineEvent } from "../../platform/events.ts";
import { Key, Token } from "./model.ts";

export const keyCreated = defineEvent("key.created", Key);
/** `previous` holds the fields that were otherwise. */
export const keyUpdated = defineEvent(
  "key.updated",
  t.Composite([Key, t.Object({ previous: t.Partial(Key) })]),
);
export const keyRotated = defineEvent(
  "key.rotated",
  t.Composite([Key, t.Object({ previous: t.Partial(Key) })]),
);
export const keyRevoked = defineEvent("key.revoked", Key);

export const tokenCreated = defineEvent("token.created", Token);
export const tokenRotated = defineEvent(
  "token.rotated",
  t.Composite([Token, t.Object({ previous: t.Partial(Token) })]),
);
export const tokenRevoked = defineEvent("token.revoked", Token);
