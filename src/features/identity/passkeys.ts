import { and, desc, eq } from "drizzle-orm";
import { uniqueViolation } from "../../db/errors.ts";
import type { Tables } from "../../db/schema/tables.ts";
import { AppError, notFound } from "../../lib/errors.ts";
import { type Id, newId } from "../../lib/ids.ts";
import { sameText } from "../../lib/secrets.ts";
import { freshPersonOf, personOf } from "../../platform/callers.ts";
import type { Context } from "../../platform/context.ts";
import { type Change, change, withPrevious } from "../../platform/events.ts";
import type { Assertion, NewPasskey, PasskeySignIn } from "./auth-model.ts";
import { sessionOver } from "./errors.ts";
import { challengeDrawn, passkeyAdded, passkeyRemoved, passkeyRenamed } from "./events.ts";
import { type Passkey, toPasskey } from "./model.ts";
import { queueNotice } from "./notices.ts";
import { addProof, type ProofKind, spendProof } from "./proofs.ts";
import { admit, noteFailure, wayOf } from "./sign-in.ts";
import { userById } from "./store.ts";
import { perAddress, takeTryFrom } from "./throttle.ts";
import type { SignInOutcome } from "./tokens.ts";
import {
  challengeOf,
  creationOptions,
  relyingParty,
  requestOptions,
  verifyCreation,
  verifyUse,
} from "./webauthn.ts";

const CHALLENGE_MS = 5 * 60_000;
const PASSKEYS_MAX = 20;

type Row = Tables["passkeys"]["$inferSelect"];

export async function listPasskeys(ctx: Context): Promise<Passkey[]> {
  return (await keysOf(ctx, personOf(ctx).userId)).map(toPasskey);
}

/** What the browser needs to make a passkey for whoever is signed in. */
export async function newPasskeyOptions(ctx: Context): Promise<object> {
  const { userId } = freshPersonOf(ctx);
  const [user, existing] = await Promise.all([userById(ctx, userId), keysOf(ctx, userId)]);
  if (user === null) throw sessionOver();
  if (existing.length >= PASSKEYS_MAX)
    throw new AppError("CONFLICT", `An account has ${PASSKEYS_MAX} passkeys at most: remove one first.`);
  const name = [user.firstName, user.lastName].filter((part) => part !== null).join(" ") || user.email;
  const options = await creationOptions(relyingParty(ctx), {
    user: { id: userId, email: user.email, name },
    existing,
  });
  await keepChallenge(ctx, "passkey_new", userId, options.challenge);
  return options;
}

/** Adds a passkey the browser has made. @throws AppError UNAUTHORIZED */
export async function addPasskey(ctx: Context, { name, credential }: NewPasskey): Promise<Passkey> {
  const { userId } = freshPersonOf(ctx);
  const challenge = await answeredChallenge(ctx, "passkey_new", credential.response.clientDataJSON, userId);
  const made = challenge && (await verifyCreation(relyingParty(ctx), challenge, credential as never));
  if (!made) throw wrongPasskey();
  try {
    return await change(ctx, async (tx) => {
      const user = await userById(ctx, userId, tx);
      if (user === null) throw sessionOver();
      const row: Row = {
        id: newId("pk", tx.now),
        userId,
        credentialId: made.credential.id,
        publicKey: Buffer.from(made.credential.publicKey).toString("base64url"),
        counter: made.credential.counter,
        transports: credential.response.transports ?? [],
        name: name.normalize("NFC").trim(),
        backedUp: made.credentialBackedUp,
        usedAt: null,
        createdAt: tx.now,
      };
      await tx.insert(ctx.db.tables.passkeys).values(row);
      tx.record(passkeyAdded, userId, toPasskey(row), null);
      await queueNotice(tx, ctx, user, "passkeyAdded");
      return toPasskey(row);
    });
  } catch (error) {
    throw uniqueViolation(error) === "passkeys_credential" ? wrongPasskey() : error;
  }
}

export const renamePasskey = (ctx: Context, id: string, name: string): Promise<Passkey> =>
  change(ctx, async (tx) => {
    const before = await ownKey(tx, ctx, personOf(ctx).userId, id);
    const after = { ...before, name: name.normalize("NFC").trim() };
    const { passkeys } = ctx.db.tables;
    await tx.update(passkeys).set({ name: after.name }).where(eq(passkeys.id, before.id));
    tx.record(passkeyRenamed, before.userId, withPrevious(toPasskey(before), toPasskey(after)), null);
    return toPasskey(after);
  });

export const removePasskey = (ctx: Context, id: string): Promise<Passkey> =>
  change(ctx, async (tx) => {
    const { userId } = freshPersonOf(ctx);
    const row = await ownKey(tx, ctx, userId, id);
    const user = await userById(ctx, userId, tx);
    if (user === null) throw sessionOver();
    await tx.delete(ctx.db.tables.passkeys).where(eq(ctx.db.tables.passkeys.id, row.id));
    tx.record(passkeyRemoved, userId, toPasskey(row), null);
    await queueNotice(tx, ctx, user, "passkeyRemoved");
    return toPasskey(row);
  });

/** What the browser needs to use a passkey, for anybody. */
export async function passkeyOptions(ctx: Context): Promise<object> {
  await takeTryFrom(ctx, perAddress);
  const options = await requestOptions(relyingParty(ctx));
  await keepChallenge(ctx, "passkey_use", null, options.challenge);
  return options;
}

/** Signs in with a passkey. It is both factors in one, for its person was verified. @throws AppError UNAUTHORIZED */
export async function signInByPasskey(
  ctx: Context,
  { credential, ...way }: PasskeySignIn,
): Promise<SignInOutcome> {
  await takeTryFrom(ctx, perAddress);
  const used = await usedPasskey(ctx, credential);
  if (used === null) {
    noteFailure(ctx, null, "passkey");
    throw wrongPasskey();
  }
  return admit(ctx, { id: used.userId }, "passkey", wayOf(way), used.settle);
}

export interface UsedPasskey {
  readonly userId: Id<"usr">;
  /** Moves the key's counter on, within the change that it opens. */
  settle(tx: Change): Promise<void>;
}

/** Whose passkey this is, and proof of it. The challenge is used up whatever comes of it. */
export async function usedPasskey(ctx: Context, assertion: Assertion): Promise<UsedPasskey | null> {
  const challenge = await answeredChallenge(ctx, "passkey_use", assertion.response.clientDataJSON, null);
  const { passkeys } = ctx.db.tables;
  const [row] = await ctx.db.read
    .select()
    .from(passkeys)
    .where(eq(passkeys.credentialId, assertion.id))
    .limit(1);
  if (challenge === null || !row || !isHandleOf(row.userId, assertion.response.userHandle)) return null;
  const info = await verifyUse(relyingParty(ctx), challenge, assertion as never, row);
  if (info === null) return null;
  return {
    userId: row.userId,
    async settle(tx) {
      const moved = await tx
        .update(passkeys)
        .set({ counter: info.newCounter, backedUp: info.credentialBackedUp, usedAt: tx.now })
        // Of two answers with one count, one comes from a copy.
        .where(and(eq(passkeys.id, row.id), eq(passkeys.counter, row.counter)))
        .returning({ id: passkeys.id });
      if (moved.length === 0) throw wrongPasskey();
    },
  };
}

const isHandleOf = (userId: string, handle: string | null | undefined): boolean =>
  typeof handle === "string" && sameText(Buffer.from(handle, "base64url").toString(), userId);

const keepChallenge = (
  ctx: Context,
  kind: ProofKind,
  userId: Id<"usr"> | null,
  challenge: string,
): Promise<void> =>
  change(ctx, async (tx) => {
    const proof = await addProof(tx, ctx, { kind, userId, secret: challenge, lifeMs: CHALLENGE_MS });
    tx.record(challengeDrawn, proof.id, { kind }, null);
  });

/** The challenge of ours that is answered; null when it was answered before, is over, or is somebody else's. */
async function answeredChallenge(
  ctx: Context,
  kind: ProofKind,
  clientDataJSON: string,
  userId: Id<"usr"> | null,
): Promise<string | null> {
  const challenge = challengeOf(clientDataJSON);
  const proof = challenge === null ? null : await spendProof(ctx, kind, challenge);
  return proof !== null && proof.userId === userId ? challenge : null;
}

const keysOf = (ctx: Context, userId: Id<"usr">): Promise<Row[]> => {
  const { passkeys } = ctx.db.tables;
  return ctx.db.read
    .select()
    .from(passkeys)
    .where(eq(passkeys.userId, userId))
    .orderBy(desc(passkeys.id))
    .limit(100);
};

async function ownKey(tx: Change, ctx: Context, userId: Id<"usr">, id: string): Promise<Row> {
  const { passkeys } = ctx.db.tables;
  const mine = and(eq(passkeys.userId, userId), eq(passkeys.id, id as Id<"pk">));
  const [row] = await tx.select().from(passkeys).where(mine).limit(1);
  if (!row) throw notFound("passkey");
  return row;
}

export const wrongPasskey = () =>
  new AppError("UNAUTHORIZED", "This passkey opens nothing here. Try again, or another.");
