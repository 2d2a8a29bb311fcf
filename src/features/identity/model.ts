import { Type as t } from "@sinclair/typebox";
import { isoOf, nullable, strict, Time } from "../../platform/schema.ts";

/** WHATWG's pattern for an e-mail address, which is what browsers accept in a form. */
export const Email = t.String({
  maxLength: 254,
  pattern:
    "^[a-zA-Z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?(\\.[a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)*$",
  description: "an e-mail address",
  examples: ["ada@example.com"],
});
export const Password = t.String({ minLength: 10, maxLength: 256, description: "At least 10 characters." });
const Name = t.String({ minLength: 1, maxLength: 100 });

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
