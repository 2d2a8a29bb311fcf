import { uniqueViolation } from "../../db/errors.ts";
import { AppError } from "../../lib/errors.ts";
import { newId } from "../../lib/ids.ts";
import type { Context } from "../../platform/context.ts";
import { type Change, change } from "../../platform/events.ts";
import { addPersonalWorkspace } from "../workspaces/add.ts";
import { userCreated } from "./events.ts";
import { type NewUser, toUser, type User } from "./model.ts";

/** Makes an account. Without a password it can be signed in to once another way exists. */
export async function createUser(ctx: Context, input: NewUser): Promise<User> {
  const passwordHash = await hashPassword(input.password);
  try {
    return await change(ctx, (tx) => addUser(tx, ctx, input, passwordHash));
  } catch (error) {
    throw uniqueViolation(error) === "users_email_key" ? emailTaken(error) : error;
  }
}

/** The same inside a change that does more. Hash the password before: it takes a tenth of a second. */
export async function addUser(
  tx: Change,
  ctx: Context,
  input: NewUser,
  passwordHash: string | null,
): Promise<User> {
  const row = {
    id: newId("usr", tx.now),
    email: input.email,
    emailKey: input.email.normalize("NFC").toLowerCase(),
    passwordHash,
    firstName: input.firstName ?? null,
    lastName: input.lastName ?? null,
    operator: input.operator ?? false,
    createdAt: tx.now,
    updatedAt: tx.now,
  };
  await tx.insert(ctx.db.tables.users).values(row);
  const user = toUser(row);
  tx.record(userCreated, user.id, user, null);
  await addPersonalWorkspace(tx, ctx, row.id);
  return user;
}

/** Argon2id with Bun's parameters (64 MiB, 2 passes), off the main thread. */
export const hashPassword = async (password: string | undefined): Promise<string | null> =>
  password === undefined ? null : Bun.password.hash(password, "argon2id");

const emailTaken = (cause: unknown) =>
  new AppError("CONFLICT", "There is an account with this e-mail address already.", {
    details: [{ path: "/email", message: "email is taken" }],
    cause,
  });
