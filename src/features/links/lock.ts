import { AppError } from "../../lib/errors.ts";
import { neighbourhoodOf } from "../../lib/ip.ts";
import type { Passwords } from "../../lib/passwords.ts";
import type { Context } from "../../platform/context.ts";
import type { TryPassword } from "../../redirect/locks.ts";
import { forgiveTry, type Policy, takeTry } from "../identity/throttle.ts";

/** One stranger at any number of links. */
const perVisitor: Policy = { name: "link visitor", triesMax: 10, windowMs: 15 * 60_000, free: 10 };
/** Any number of strangers at one link. */
const perLink: Policy = { name: "link", triesMax: 100, windowMs: 3_600_000, free: 100 };

/** The text that is hashed and compared: two ways to type `é` are one password. */
const plain = (password: string): string => password.normalize("NFC");

/** What a body says of the password: its hash, null to have none, undefined for no word. Before a change, never in it. */
export async function passwordHashOf(
  ctx: Context,
  password: string | null | undefined,
): Promise<string | null | undefined> {
  return typeof password === "string" ? ctx.passwords.hash(plain(password)) : password;
}

/**
 * Tries what a visitor typed. Tries are counted before anything is compared; right ones are forgiven.
 * @param passwords threads apart from those that people sign in by
 */
export const passwordTrier =
  (context: () => Context, passwords: Passwords): TryPassword =>
  async ({ id, hash }, typed, address) => {
    const ctx = context();
    const visitor = neighbourhoodOf(address);
    try {
      await takeTry(ctx, perVisitor, visitor);
      await takeTry(ctx, perLink, id);
      if (!(await passwords.verify(plain(typed), hash))) return "wrong";
    } catch (error) {
      if (error instanceof AppError && error.code === "RATE_LIMITED")
        return { waitSeconds: Number(error.headers["retry-after"] ?? 5) };
      throw error;
    }
    await forgiveTry(ctx, perVisitor, visitor);
    await forgiveTry(ctx, perLink, id);
    return "right";
  };
