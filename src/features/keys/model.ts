import { Type as t } from "@sinclair/typebox";
import type { Database } from "../../db/database.ts";
import { permissions } from "../../platform/permissions.ts";
import { isoOf, isoOrNull, nameText, nullable, oneOf, strict, Time } from "../../platform/schema.ts";

const PermissionWord = oneOf(permissions);
const RoleWord = oneOf(["owner", "admin", "editor", "viewer"]);
const Environment = oneOf(["live", "test"]);

const name = nameText(100, { examples: ["CI"] });
const Scopes = t.Array(PermissionWord, {
  maxItems: permissions.length,
  description: "Instead of a role: exactly these.",
});
const AllowedIps = nullable(
  t.Array(t.String({ minLength: 1, maxLength: 49, examples: ["203.0.113.0/24"] }), {
    maxItems: 100,
    description: "Addresses and networks the key may be used from; null for all.",
  }),
);
const Origins = t.Array(t.String({ minLength: 1, maxLength: 255, examples: ["https://*.example.com"] }), {
  minItems: 1,
  maxItems: 50,
  description: "Origins of the pages that may show a publishable key.",
});
const Tier = nullable(
  t.String({ minLength: 1, maxLength: 40, description: "Name of a rate tier; null for the default." }),
);

const limits = { expiresAt: t.Optional(nullable(Time)), allowedIps: t.Optional(AllowedIps) };
const chosen = { name, environment: t.Optional(Environment), ...limits, tier: t.Optional(Tier) };
export const NewOperatorKey = strict(chosen);
export type NewOperatorKey = typeof NewOperatorKey.static;

export const NewKey = strict({
  ...chosen,
  kind: t.Optional(
    oneOf(
      ["secret", "publishable", "extension"],
      "secret, for servers, when left out. publishable: for pages, tracking only. extension: for a registered extension.",
    ),
  ),
  role: t.Optional(RoleWord),
  permissions: t.Optional(Scopes),
  origins: t.Optional(Origins),
  extension: t.Optional(
    t.String({ maxLength: 64, description: "Id of the extension that an extension's credential is for." }),
  ),
});
export type NewKey = typeof NewKey.static;

export const KeyPatch = strict({
  name: t.Optional(name),
  permissions: t.Optional(Scopes),
  origins: t.Optional(Origins),
  tier: t.Optional(Tier),
  ...limits,
});
export type KeyPatch = typeof KeyPatch.static;

export const KeyTier = strict({ tier: Tier });
export type KeyTier = typeof KeyTier.static;

export const KeyRotation = strict({
  overlapSeconds: t.Optional(
    t.Integer({
      minimum: 0,
      maximum: 7 * 86_400,
      description: "How long the secret of before still works; an hour when left out, 0 for not at all.",
    }),
  ),
});
export type KeyRotation = typeof KeyRotation.static;

export const NewToken = strict({ name, permissions: t.Optional(Scopes), ...limits });
export type NewToken = typeof NewToken.static;

const common = {
  id: t.String({ examples: ["key_01jd0000000000000000000000"] }),
  name: t.String(),
  hint: t.String({ description: "Beginning and end of the secret.", examples: ["way_sk_live_Ab…9zQ2"] }),
  permissions: t.Array(t.String()),
  allowedIps: nullable(t.Array(t.String())),
  expiresAt: nullable(Time),
  lastUsedAt: nullable(Time),
  lastUsedCountry: nullable(t.String()),
  rotatedAt: nullable(Time),
  overlapEndsAt: nullable(t.String({ description: "Until when the secret before the last rotation works." })),
  revokedAt: nullable(Time),
  createdAt: Time,
  updatedAt: Time,
};
const secret = {
  secret: t.String({ description: "Shown once. Send it as Authorization: Bearer." }),
};

const fields = {
  ...common,
  kind: oneOf(["secret", "publishable", "extension", "personal"]),
  environment: Environment,
  origins: nullable(t.Array(t.String())),
  extension: nullable(t.String()),
  tier: nullable(t.String()),
  createdBy: t.String(),
  makerId: nullable(
    t.String({ description: "Whose rights bound it; null for what the operator of the machine gave." }),
  ),
  confirmedBy: nullable(
    t.String({
      description: "Who gave the scopes that only a person with a fresh proof, or the operator, gives.",
    }),
  ),
};
export const Key = t.Object(fields, { $id: "Key" });
export type Key = typeof Key.static;

/** A key as it stands at this moment. */
export const KeyNow = t.Object(
  {
    ...fields,
    state: oneOf(
      ["active", "expired", "revoked", "abandoned"],
      "abandoned: whoever made it has left or is closed, and it opens nothing. A member who rotates it makes it theirs.",
    ),
  },
  { $id: "KeyNow" },
);
export type KeyNow = typeof KeyNow.static;

/** A key with its secret, as it is answered once and never again. */
export const KeyWithSecret = t.Object({ ...fields, ...secret }, { $id: "KeyWithSecret" });
export type KeyWithSecret = typeof KeyWithSecret.static;

export const Token = t.Object(common, { $id: "PersonalToken" });
export type Token = typeof Token.static;
export const TokenWithSecret = t.Object({ ...common, ...secret }, { $id: "PersonalTokenWithSecret" });
export type TokenWithSecret = typeof TokenWithSecret.static;

export type KeyRow = Database["tables"]["keys"]["$inferSelect"];

/** What the world may see of a row, and nothing else: never the hash. */
export const toKey = (row: KeyRow): Key => ({
  ...toToken(row),
  kind: row.kind,
  environment: row.environment,
  origins: row.origins,
  extension: row.extensionId,
  tier: row.tier,
  createdBy: row.createdBy,
  makerId: row.makerId,
  confirmedBy: row.confirmedBy,
});

/** @param held whether whoever bounds it is there still */
export const toKeyNow = (row: KeyRow, now: number, held: boolean): KeyNow => ({
  ...toKey(row),
  state: stateOf(row, now, held),
});

function stateOf({ revokedAt, expiresAt }: KeyRow, now: number, held: boolean): KeyNow["state"] {
  if (revokedAt !== null) return "revoked";
  if (expiresAt !== null && expiresAt <= now) return "expired";
  return held ? "active" : "abandoned";
}

/** The same of a personal token, which has neither kind nor workspace. */
export const toToken = (row: KeyRow): Token => ({
  id: row.id,
  name: row.name,
  hint: row.hint,
  permissions: row.permissions,
  allowedIps: row.networks,
  expiresAt: isoOrNull(row.expiresAt),
  lastUsedAt: isoOrNull(row.lastUsedAt),
  lastUsedCountry: row.lastUsedCountry,
  rotatedAt: isoOrNull(row.rotatedAt),
  overlapEndsAt: isoOrNull(row.previousUntil),
  revokedAt: isoOrNull(row.revokedAt),
  createdAt: isoOf(row.createdAt),
  updatedAt: isoOf(row.updatedAt),
});
