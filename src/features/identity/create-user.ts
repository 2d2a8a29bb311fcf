import { uniqueViolation } from "../../db/errors.ts";
import { newId } from "../../lib/ids.ts";
import { addressKey } from "../../lib/mailbox.ts";
import { assertFresh } from "../../platform/callers.ts";
import type { Context } from "../../platform/context.ts";
import { type Change, change } from "../../platform/events.ts";
import { addPersonalWorkspace } from "../workspaces/add.ts";
import { emailTaken } from "./errors.ts";
import { userCreated } from "./events.ts";
import { type NewUser, toUser, type User } from "./model.ts";
import { checkPassword } from "./password-rules.ts";
import type { UserRow } from "./store.ts";

/**
 * Makes an account. Without a password it can be signed in to once another way exists.
 * @throws AppError FORBIDDEN for another operator, by a person whose proof is old
 */
export async function createUser(ctx: Context, input: NewUser): Promise<User> {
  if (input.operator) assertFresh(ctx);
  const passwordHash = await hashChosen(ctx, input.password, input);
  try {
    return await change(ctx, (tx) => addUser(tx, ctx, input, passwordHash));
  } catch (error) {
    throw uniqueViolation(error) === "users_email_key" ? emailTaken(error) : error;
  }
}

/** The same inside a change that does more. Hash the password before: it takes a fifth of a second. */
export async function addUser(
  tx: Change,
  ctx: Context,
  input: UserToAdd,
  passwordHash: string | null,
): Promise<User> {
  const row: UserRow = {
    id: newId("usr", tx.now),
    email: input.email.normalize("NFC"),
    emailKey: addressKey(input.email),
    passwordHash,
    firstName: nameOf(input.firstName),
    lastName: nameOf(input.lastName),
    operator: input.operator ?? false,
    emailVerifiedAt: input.emailVerifiedAt ?? null,
    locale: null,
    timeZone: null,
    avatarUrl: null,
    notifications: null,
    disabledAt: null,
    totpSecret: null,
    totpEnabledAt: null,
    totpLastStep: null,
    createdAt: tx.now,
    updatedAt: tx.now,
  };
  await tx.insert(ctx.db.tables.users).values(row);
  const user = toUser(row);
  tx.record(userCreated, user.id, user, null);
  await addPersonalWorkspace(tx, ctx, row.id);
  return user;
}

export interface UserToAdd extends Omit<NewUser, "password"> {
  /** When a letter to the address was answered. */
  readonly emailVerifiedAt?: number | null;
}

/** A chosen password as it is kept, off the main thread. @throws AppError VALIDATION_ERROR when it is a bad one */
export async function hashChosen(
  ctx: Context,
  password: string | undefined,
  owner: { readonly email: string; readonly firstName?: string | null; readonly lastName?: string | null },
): Promise<string | null> {
  if (password === undefined) return null;
  checkPassword(password, owner);
  return ctx.passwords.hash(password);
}

/** As it was typed, without what stands around it, in one spelling of Unicode. */
export const nameOf = (typed: string | null | undefined): string | null =>
  typed?.normalize("NFC").trim() || null;
