import { Type as t } from "@sinclair/typebox";
import { permissions } from "../../platform/permissions.ts";
import { isoOf, isoOrNull, nullable, oneOf, strict, Time } from "../../platform/schema.ts";

const PermissionWord = oneOf(permissions);
const RoleWord = oneOf(["owner", "admin", "editor", "viewer"]);

const chosen = {
  name: t.String({
    minLength: 1,
    maxLength: 100,
    pattern: "\\S",
    description: "a name",
    examples: ["CI"],
  }),
  environment: t.Optional(oneOf(["live", "test"])),
  expiresAt: t.Optional(nullable(Time)),
};
export const NewOperatorKey = strict(chosen);
export type NewOperatorKey = typeof NewOperatorKey.static;

export const NewKey = strict({
  ...chosen,
  role: t.Optional(RoleWord),
  permissions: t.Optional(
    t.Array(PermissionWord, {
      maxItems: permissions.length,
      description: "Instead of a role: exactly these.",
    }),
  ),
});
export type NewKey = typeof NewKey.static;

const fields = {
  id: t.String({ examples: ["key_01jd0000000000000000000000"] }),
  name: t.String(),
  environment: oneOf(["live", "test"]),
  hint: t.String({ description: "Beginning and end of the secret.", examples: ["way_sk_live_Ab…9zQ2"] }),
  permissions: t.Array(t.String()),
  createdBy: t.String(),
  expiresAt: nullable(Time),
  lastUsedAt: nullable(Time),
  revokedAt: nullable(Time),
  createdAt: Time,
};
export const Key = t.Object(fields, { $id: "Key" });
export type Key = typeof Key.static;

/** A key with its secret, as it is answered once and never again. */
export const KeyWithSecret = t.Object(
  { ...fields, secret: t.String({ description: "Shown once. Send it as Authorization: Bearer." }) },
  { $id: "KeyWithSecret" },
);
export type KeyWithSecret = typeof KeyWithSecret.static;

export interface KeyRow {
  readonly id: string;
  readonly name: string;
  readonly environment: "live" | "test";
  readonly hint: string;
  readonly permissions: string[];
  readonly createdBy: string;
  readonly expiresAt: number | null;
  readonly lastUsedAt: number | null;
  readonly revokedAt: number | null;
  readonly createdAt: number;
}

/** What the world may see of a row, and nothing else: never the hash. */
export const toKey = (row: KeyRow): Key => ({
  id: row.id,
  name: row.name,
  environment: row.environment,
  hint: row.hint,
  permissions: row.permissions,
  createdBy: row.createdBy,
  expiresAt: isoOrNull(row.expiresAt),
  lastUsedAt: isoOrNull(row.lastUsedAt),
  revokedAt: isoOrNull(row.revokedAt),
  createdAt: isoOf(row.createdAt),
});
