import type { Id } from "../../lib/ids.ts";
import { macOf, randomText, sameText } from "../../lib/secrets.ts";
import type { Context } from "../../platform/context.ts";

const LETTERS = "0123456789abcdefghijklmnopqrstuvwxyz";

/**
 * Says that somebody has signed in to this account from here before. It opens nothing: it lets its owner try a
 * password while strangers have used up the tries for the account ("device cookies", OWASP).
 */
export function newDeviceToken(ctx: Context, userId: Id<"usr">): string {
  const device = randomText(26, LETTERS);
  return `way_dv_${device}_${mark(ctx, userId, device)}`;
}

/** The device of a token that was made for this account; null for anything else. */
export function knownDevice(
  ctx: Context,
  userId: Id<"usr">,
  token: string | null | undefined,
): string | null {
  const [, device, given] = /^way_dv_([0-9a-z]{26})_([0-9a-f]{64})$/.exec(token ?? "") ?? [];
  if (device === undefined || given === undefined) return null;
  return sameText(given, mark(ctx, userId, device)) ? device : null;
}

const mark = (ctx: Context, userId: string, device: string): string =>
  macOf(ctx.keyring.devices, `${userId}\n${device}`);
