import { eq } from "drizzle-orm";
import type { SignInMethod } from "../../db/schema/identity.ts";
import { addressKey } from "../../lib/mailbox.ts";
import { sameText } from "../../lib/secrets.ts";
import type { Context } from "../../platform/context.ts";
import { type Change, change } from "../../platform/events.ts";
import type { SignIn } from "./auth-model.ts";
import { knownDevice } from "./device.ts";
import { wrongCredentials } from "./errors.ts";
import { signInFailed } from "./events.ts";
import { askSecondFactor } from "./second-factor.ts";
import { asUser, startSession, type Way } from "./sessions.ts";
import { type UserRow, userById, userByKey } from "./store.ts";
import {
  forgiveTry,
  type Policy,
  perAccount,
  perAddress,
  perDevice,
  takeTry,
  takeTryFrom,
} from "./throttle.ts";
import type { SignInOutcome } from "./tokens.ts";

/** Signs in with an e-mail address and a password. @throws AppError UNAUTHORIZED, RATE_LIMITED */
export async function signIn(ctx: Context, { email, password, ...way }: SignIn): Promise<SignInOutcome> {
  await takeTryFrom(ctx, perAddress);
  const key = addressKey(email);
  const user = await userByKey(ctx, key);
  if (
    !(await isRightPassword(ctx, user, password, key, way.deviceToken)) ||
    user === null ||
    user.disabledAt !== null
  ) {
    noteFailure(ctx, user, "password");
    throw wrongCredentials();
  }
  const passwordHash = ctx.passwords.isOutdated(user.passwordHash!)
    ? await ctx.passwords.hash(password)
    : user.passwordHash;
  return admit(ctx, user, "password", wayOf(way), async (tx, fresh) => {
    // It may have been changed while we compared.
    if (!sameText(fresh.passwordHash ?? "", user.passwordHash ?? "")) throw wrongCredentials();
    const { users } = ctx.db.tables;
    if (!sameText(passwordHash ?? "", fresh.passwordHash ?? ""))
      await tx.update(users).set({ passwordHash }).where(eq(users.id, user.id));
  });
}

/**
 * Counts the try, then compares; a right one is given back. Whoever knows the device is not kept waiting by strangers
 * who guess: their tries are counted apart.
 */
export async function isRightPassword(
  ctx: Context,
  user: UserRow | null,
  password: string,
  key: string,
  deviceToken: string | null | undefined,
): Promise<boolean> {
  const device = user && knownDevice(ctx, user.id, deviceToken);
  const [policy, subject]: [Policy, string] = device
    ? [perDevice, `${user.id}\n${device}`]
    : [perAccount, key];
  await takeTry(ctx, policy, subject, user?.id ?? null);
  const isRight = await ctx.passwords
    .verify(password, user?.passwordHash ?? null)
    .catch(async (error: unknown) => {
      // Nothing was compared: there was no room for it.
      await forgiveTry(ctx, policy, subject);
      throw error;
    });
  if (isRight) await forgiveTry(ctx, policy, subject);
  return isRight;
}

/**
 * What follows once somebody has shown who they are: the question for a second factor where there is one and the way
 * in was not both in one, else a session. `settle` is part of the same change.
 */
export async function admit(
  ctx: Context,
  user: Pick<UserRow, "id">,
  method: SignInMethod,
  way: Way,
  settle: (tx: Change, fresh: UserRow) => Promise<void> = async () => {},
): Promise<SignInOutcome> {
  const own = asUser(ctx, user.id);
  return change(own, async (tx) => {
    const fresh = await userById(ctx, user.id, tx);
    if (fresh === null || fresh.disabledAt !== null) throw wrongCredentials();
    await settle(tx, fresh);
    // A passkey is something one has, opened by something one knows or is.
    if (fresh.totpEnabledAt !== null && method !== "passkey")
      return askSecondFactor(tx, own, fresh, method, way);
    return { kind: "started", started: await startSession(tx, own, fresh, method, way) };
  });
}

/** On record, bounded in number, and not waited for: no answer takes longer for what there is to write. */
export function noteFailure(ctx: Context, user: Pick<UserRow, "id"> | null, method: string): void {
  const userId = user?.id ?? null;
  void ctx.denials.note(ctx, {
    type: signInFailed,
    subjectId: userId ?? "nobody",
    data: { userId, method, network: ctx.origin.network },
    workspaceId: null,
  });
}

/** What a request says of the session it wants. */
export const wayOf = (input: Pick<SignIn, "session" | "platform" | "device" | "deviceToken">): Way => ({
  session: input.session ?? "tokens",
  platform: input.platform ?? null,
  device: input.device?.normalize("NFC").trim() ?? null,
  deviceToken: input.deviceToken ?? null,
});
