import { Type as t } from "@sinclair/typebox";
import { isoOf, isoOrNull, nullable, strict, Time } from "../../platform/schema.ts";

/** WHATWG's pattern for an e-mail address, which is what browsers accept in a form. */
export const Email = t.String({
  maxLength: 254,
  pattern:
    "^[a-zA-Z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?(\\.[a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)*$",
  description: "an e-mail address",
  examples: ["ada@example.com"],
});
export const Password = t.String({ minLength: 10, maxLength: 256, description: "At least 10 characters." });
export const Name = t.String({
  minLength: 1,
  maxLength: 100,
  pattern: "^[^\\u0000-\\u001f\\u007f]*[^\\u0000-\\u001f\\u007f\\s][^\\u0000-\\u001f\\u007f]*$",
  description: "a name without control characters",
});

export const NewUser = strict({
  email: Email,
  password: t.Optional(Password),
  firstName: t.Optional(nullable(Name)),
  lastName: t.Optional(nullable(Name)),
  operator: t.Optional(t.Boolean({ description: "May run the installation. No role in a workspace." })),
});
export type NewUser = typeof NewUser.static;

export const User = t.Object(
  {
    id: t.String(),
    email: t.String(),
    firstName: nullable(t.String()),
    lastName: nullable(t.String()),
    operator: t.Boolean(),
    createdAt: Time,
  },
  { $id: "User" },
);
export type User = typeof User.static;

const notificationFields = {
  newSignIns: t.Boolean({ description: "Letters about sign-ins on devices that were not seen before." }),
};
export const Notifications = t.Object(notificationFields);

/** One's own account, whole. */
export const Profile = t.Object(
  {
    ...User.properties,
    avatarUrl: nullable(t.String()),
    locale: t.String(),
    timeZone: t.String(),
    notifications: Notifications,
    emailVerified: t.Boolean(),
    hasPassword: t.Boolean(),
    totpEnabled: t.Boolean(),
    passkeys: t.Integer(),
    recoveryCodesLeft: t.Integer(),
    updatedAt: Time,
  },
  { $id: "Profile" },
);
export type Profile = typeof Profile.static;

export const ProfilePatch = strict({
  firstName: t.Optional(nullable(Name)),
  lastName: t.Optional(nullable(Name)),
  avatarUrl: t.Optional(
    nullable(
      t.String({
        maxLength: 65_536,
        pattern: "^(https://[^\\s]{1,2000}|data:image/(png|jpeg|webp);base64,[A-Za-z0-9+/]+={0,2})$",
        description: "an https:// address of a picture, or a small PNG, JPEG or WebP as a data: URL",
      }),
    ),
  ),
  locale: t.Optional(t.String({ minLength: 2, maxLength: 35, examples: ["de-AT"] })),
  timeZone: t.Optional(t.String({ minLength: 1, maxLength: 64, examples: ["Europe/Vienna"] })),
  notifications: t.Optional(strict({ newSignIns: t.Optional(t.Boolean()) })),
});
export type ProfilePatch = typeof ProfilePatch.static;

export const Passkey = t.Object(
  {
    id: t.String(),
    name: t.String(),
    backedUp: t.Boolean({ description: "Kept by the maker of the device too, and on other devices." }),
    lastUsedAt: nullable(Time),
    createdAt: Time,
  },
  { $id: "Passkey" },
);
export type Passkey = typeof Passkey.static;

export const toPasskey = (row: {
  readonly id: string;
  readonly name: string;
  readonly backedUp: boolean;
  readonly usedAt: number | null;
  readonly createdAt: number;
}): Passkey => ({
  id: row.id,
  name: row.name,
  backedUp: row.backedUp,
  lastUsedAt: isoOrNull(row.usedAt),
  createdAt: isoOf(row.createdAt),
});

/** What members of one workspace see of each other. */
export const PublicUser = t.Object(
  {
    id: t.String(),
    firstName: nullable(t.String()),
    lastName: nullable(t.String()),
    avatarUrl: nullable(t.String()),
  },
  { $id: "PublicUser" },
);
export type PublicUser = typeof PublicUser.static;

export const toPublicUser = (row: {
  readonly id: string;
  readonly firstName: string | null;
  readonly lastName: string | null;
  readonly avatarUrl: string | null;
}): PublicUser => ({
  id: row.id,
  firstName: row.firstName,
  lastName: row.lastName,
  avatarUrl: row.avatarUrl,
});

interface UserRow {
  readonly id: string;
  readonly email: string;
  readonly firstName: string | null;
  readonly lastName: string | null;
  readonly operator: boolean;
  readonly createdAt: number;
}

/** What the world may see of a row, and nothing else. */
export const toUser = ({ id, email, firstName, lastName, operator, createdAt }: UserRow): User => ({
  id,
  email,
  firstName,
  lastName,
  operator,
  createdAt: isoOf(createdAt),
});
