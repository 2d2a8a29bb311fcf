import { and, eq, isNull, lt, or } from "drizzle-orm";
import { Secret, TOTP } from "otpauth";
import { AppError } from "../../lib/errors.ts";
import type { Id } from "../../lib/ids.ts";
import { macOf, randomText } from "../../lib/secrets.ts";
import { freshPersonOf } from "../../platform/callers.ts";
import type { Context } from "../../platform/context.ts";
import { type Change, change } from "../../platform/events.ts";
import type { SealedColumn } from "../../platform/resealing.ts";
import type { RecoveryCodes, TotpEnrolment } from "./auth-model.ts";
import { sessionOver, wrongCode } from "./errors.ts";
import { recoveryCodesMade, totpDisabled, totpEnabled, totpEnrolled } from "./events.ts";
import { queueNotice } from "./notices.ts";
import { dropProofs } from "./proofs.ts";
import { type UserRow, userById } from "./store.ts";
import { forgiveTry, perSecondFactor, takeTry } from "./throttle.ts";

const purpose = (userId: string) => `totp ${userId}`;

/** For the rotation of keys. */
export const sealedTotpSeeds: SealedColumn = {
  name: "seeds of second factors",
  of: ({ users }) => ({ table: users, id: users.id, sealed: users.totpSecret }),
  purpose,
};

/** RFC 6238 as every app knows it. */
const STEP_MS = 30_000;
const CODES = 10;
/** Steps before and after that a code may belong to: clocks of phones go wrong by less than half a minute. */
const DRIFT = 1;

/** Draws a seed. It is asked for at no sign-in before its first code was right. */
export const enrolTotp = (ctx: Context): Promise<TotpEnrolment> =>
  change(ctx, async (tx) => {
    const user = await ownRow(tx, ctx);
    if (user.totpEnabledAt !== null)
      throw new AppError("CONFLICT", "A second factor is in force already: switch it off first.");
    const secret = new Secret({ size: 20 });
    const { users } = ctx.db.tables;
    await tx
      .update(users)
      .set({
        totpSecret: ctx.seal.seal(secret.base32, purpose(user.id)),
        totpLastStep: null,
        updatedAt: tx.now,
      })
      .where(eq(users.id, user.id));
    tx.record(totpEnrolled, user.id, { userId: user.id }, null);
    return { secret: secret.base32, uri: appOf(secret.base32, user.email).toString() };
  });

/** The first code was right: from now on it is asked for. Answers the recovery codes, which are seen this once. */
export async function enableTotp(ctx: Context, code: string): Promise<RecoveryCodes> {
  const { userId } = freshPersonOf(ctx);
  await takeTry(ctx, perSecondFactor, userId, userId);
  const made = await change(ctx, async (tx) => {
    const user = await ownRow(tx, ctx);
    if (user.totpSecret === null || user.totpEnabledAt !== null)
      throw new AppError("CONFLICT", "There is nothing to confirm: POST /auth/totp/enrol first.");
    if (!(await spendTotp(tx, ctx, user, code))) throw wrongCode();
    const { users } = ctx.db.tables;
    await tx.update(users).set({ totpEnabledAt: tx.now, updatedAt: tx.now }).where(eq(users.id, userId));
    tx.record(totpEnabled, userId, { userId }, null);
    await queueNotice(tx, ctx, user, "totpEnabled");
    return { recoveryCodes: await replaceCodes(tx, ctx, userId) };
  });
  await forgiveTry(ctx, perSecondFactor, userId);
  return made;
}

/** Takes the second factor away, and its recovery codes with it. */
export const disableTotp = (ctx: Context): Promise<void> =>
  change(ctx, async (tx) => {
    const user = await ownRow(tx, ctx);
    const { users, recoveryCodes } = ctx.db.tables;
    if (user.totpEnabledAt === null) throw new AppError("CONFLICT", "There is no second factor in force.");
    await tx
      .update(users)
      .set({ totpSecret: null, totpEnabledAt: null, totpLastStep: null, updatedAt: tx.now })
      .where(eq(users.id, user.id));
    await tx.delete(recoveryCodes).where(eq(recoveryCodes.userId, user.id));
    await dropProofs(tx, ctx, user.id, "second_factor");
    tx.record(totpDisabled, user.id, { userId: user.id }, null);
    await queueNotice(tx, ctx, user, "totpDisabled");
  });

/** Ten new recovery codes; those before are good no more. */
export const renewRecoveryCodes = (ctx: Context): Promise<RecoveryCodes> =>
  change(ctx, async (tx) => {
    const user = await ownRow(tx, ctx);
    if (user.totpEnabledAt === null) throw new AppError("CONFLICT", "There is no second factor in force.");
    tx.record(recoveryCodesMade, user.id, { userId: user.id }, null);
    await queueNotice(tx, ctx, user, "recoveryCodesMade");
    return { recoveryCodes: await replaceCodes(tx, ctx, user.id) };
  });

/**
 * Uses up a code of the app within a change: no step is taken twice, nor one before it, by whichever process. False
 * when it is wrong.
 */
export async function spendTotp(tx: Change, ctx: Context, user: UserRow, typed: string): Promise<boolean> {
  if (user.totpSecret === null) return false;
  const app = appOf(ctx.seal.open(user.totpSecret, purpose(user.id)), user.email);
  const now = ctx.clock.now();
  const delta = app.validate({ token: typed.replace(/\s/g, ""), timestamp: now, window: DRIFT });
  if (delta === null) return false;
  const step = Math.floor(now / STEP_MS) + delta;
  const { users } = ctx.db.tables;
  const taken = await tx
    .update(users)
    .set({ totpLastStep: step })
    .where(and(eq(users.id, user.id), or(isNull(users.totpLastStep), lt(users.totpLastStep, step))))
    .returning({ id: users.id });
  return taken.length === 1;
}

/** Uses up a recovery code within a change. False when it is wrong, or was used. */
export async function spendRecoveryCode(
  tx: Change,
  ctx: Context,
  userId: Id<"usr">,
  typed: string,
): Promise<boolean> {
  const { recoveryCodes } = ctx.db.tables;
  const spent = await tx
    .delete(recoveryCodes)
    .where(and(eq(recoveryCodes.userId, userId), eq(recoveryCodes.hash, hashOfCode(ctx, userId, typed))))
    .returning({ hash: recoveryCodes.hash });
  return spent.length === 1;
}

/** Without look-alikes: 79 bits. */
const LETTERS = "23456789abcdefghjkmnpqrstuvwxyz";

async function replaceCodes(tx: Change, ctx: Context, userId: Id<"usr">): Promise<string[]> {
  const { recoveryCodes } = ctx.db.tables;
  const codes = Array.from({ length: CODES }, () => randomText(16, LETTERS).replace(/.{4}(?=.)/g, "$&-"));
  await tx.delete(recoveryCodes).where(eq(recoveryCodes.userId, userId));
  await tx
    .insert(recoveryCodes)
    .values(codes.map((code) => ({ userId, hash: hashOfCode(ctx, userId, code), createdAt: tx.now })));
  return codes;
}

const hashOfCode = (ctx: Context, userId: string, typed: string): string =>
  macOf(ctx.keyring.codes, `recovery\n${userId}\n${typed.replace(/[\s-]/g, "").toLowerCase()}`);

const appOf = (secret: string, email: string): TOTP =>
  new TOTP({ issuer: "Waypost", label: email, secret, digits: 6, period: STEP_MS / 1000, algorithm: "SHA1" });

async function ownRow(tx: Change, ctx: Context): Promise<UserRow> {
  const user = await userById(ctx, freshPersonOf(ctx).userId, tx);
  if (user === null) throw sessionOver();
  return user;
}
