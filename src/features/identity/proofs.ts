import { and, eq, gt, inArray, lt, sql } from "drizzle-orm";
import type { Build, Tx } from "../../db/database.ts";
import { type Id, newId } from "../../lib/ids.ts";
import { hashOf, macOf, randomText, sameText } from "../../lib/secrets.ts";
import type { Context } from "../../platform/context.ts";
import type { Change } from "../../platform/events.ts";

/** What a proof is good for: one of a kind opens nothing else. */
export type ProofKind =
  | "sign_up"
  | "sign_in_code"
  | "confirm_code"
  | "second_factor"
  | "reset_password"
  | "change_email"
  | "passkey_new"
  | "passkey_use";

export interface Proof {
  readonly id: Id<"prf">;
  readonly userId: Id<"usr"> | null;
  readonly data: Record<string, unknown>;
  readonly expiresAt: number;
}

export interface NewProof {
  readonly kind: ProofKind;
  readonly userId: Id<"usr"> | null;
  readonly data?: Record<string, unknown>;
  readonly lifeMs: number;
  /** Somebody else's challenge, where it is not drawn here. */
  readonly secret?: string;
}

/** A code of eight digits may be tried so often, whoever asks. */
const TRIES_MAX = 5;
const CODE_DIGITS = 8;

/** Makes a secret that is good once and for a while: 256 bits, kept as a hash. It is part of the change around it. */
export async function addProof(
  tx: Tx,
  ctx: Context,
  { kind, userId, data = {}, lifeMs, secret = newSecret() }: NewProof,
): Promise<{ id: Id<"prf">; secret: string; expiresAt: number }> {
  const id = newId("prf", tx.now);
  const expiresAt = tx.now + lifeMs;
  await tx.insert(ctx.db.tables.proofs).values({
    id,
    kind,
    userId,
    hash: hashFor(kind, secret),
    data,
    tries: 0,
    expiresAt,
    createdAt: tx.now,
  });
  return { id, secret, expiresAt };
}

/**
 * The same for what strangers ask for: as often as they like, so that it is no event of its own each. Whoever calls
 * notes it as refusals are. `also` is stored with it or not at all.
 */
export const addProofApart = (
  ctx: Context,
  proof: (now: number) => NewProof,
  also: (tx: Tx, id: Id<"prf">) => Promise<void> = async () => {},
): Promise<{ secret: string; expiresAt: number }> =>
  ctx.db.transaction(async (tx) => {
    const made = await addProof(tx, ctx, proof(tx.now));
    await also(tx, made.id);
    return made;
  });

/** Uses up a proof: of many at once one gets it. Null when it was used, is over, or never was. */
export async function takeProof(
  tx: Change,
  ctx: Context,
  kind: ProofKind,
  secret: string,
): Promise<Proof | null> {
  const { proofs } = ctx.db.tables;
  const [row] = await tx
    .delete(proofs)
    .where(and(eq(proofs.hash, hashFor(kind, secret)), eq(proofs.kind, kind), gt(proofs.expiresAt, tx.now)))
    .returning();
  return row ?? null;
}

/** Uses up a challenge by itself, whatever comes of what it opened. */
export async function spendProof(ctx: Context, kind: ProofKind, secret: string): Promise<Proof | null> {
  const [rows] = await ctx.db.each(spend, [{ hash: hashFor(kind, secret), now: ctx.clock.now() }]);
  return rows?.[0] ?? null;
}

const spend: Build<Proof> = (queries, { proofs }) =>
  queries
    .delete(proofs)
    .where(and(eq(proofs.hash, sql.placeholder("hash")), gt(proofs.expiresAt, sql.placeholder("now"))))
    .returning({ id: proofs.id, userId: proofs.userId, data: proofs.data, expiresAt: proofs.expiresAt });

/** Looks at a proof without using it up. */
export async function peekProof(ctx: Context, kind: ProofKind, secret: string): Promise<Proof | null> {
  const { proofs } = ctx.db.tables;
  const [row] = await ctx.db.read
    .select()
    .from(proofs)
    .where(and(eq(proofs.hash, hashFor(kind, secret)), gt(proofs.expiresAt, ctx.clock.now())))
    .limit(1);
  return row ?? null;
}

/** Gives a proof another secret, and its owner: the one before was seen by nobody. */
export async function renewProof(
  tx: Change,
  ctx: Context,
  { id, kind }: { readonly id: Id<"prf">; readonly kind: string },
  userId: Id<"usr"> | null,
): Promise<string> {
  const { proofs } = ctx.db.tables;
  const secret = newSecret();
  const hash = hashFor(kind as ProofKind, secret);
  await tx.update(proofs).set({ userId, hash }).where(eq(proofs.id, id));
  return secret;
}

/** The same by its id, for one whose code was right. */
export async function takeProofById(tx: Change, ctx: Context, id: Id<"prf">): Promise<boolean> {
  const { proofs } = ctx.db.tables;
  const rows = await tx
    .delete(proofs)
    .where(and(eq(proofs.id, id), gt(proofs.expiresAt, tx.now)))
    .returning({ id: proofs.id });
  return rows.length === 1;
}

/** All of some kinds that a person has open. */
export async function dropProofs(
  tx: Change,
  ctx: Context,
  userId: Id<"usr">,
  ...kinds: readonly ProofKind[]
): Promise<void> {
  const { proofs } = ctx.db.tables;
  await tx.delete(proofs).where(and(eq(proofs.userId, userId), inArray(proofs.kind, kinds)));
}

/** What was sent or begun under another password or address: under the new one it opens nothing. */
export const dropLettersAndCodes = (tx: Change, ctx: Context, userId: Id<"usr">): Promise<void> =>
  dropProofs(
    tx,
    ctx,
    userId,
    "reset_password",
    "change_email",
    "sign_in_code",
    "confirm_code",
    "second_factor",
  );

/**
 * Takes one of the few tries that a challenge has, before anything is compared. One statement, so that parallel tries
 * are counted each. Null when there are none left.
 */
export async function tryProof(ctx: Context, kind: ProofKind, secret: string): Promise<Proof | null> {
  const [rows] = await ctx.db.each(countTry, [{ hash: hashFor(kind, secret), kind, now: ctx.clock.now() }]);
  return rows?.[0] ?? null;
}

const countTry: Build<Proof> = (queries, { proofs }) =>
  queries
    .update(proofs)
    .set({ tries: sql`${proofs.tries} + 1` })
    .where(
      and(
        eq(proofs.hash, sql.placeholder("hash")),
        eq(proofs.kind, sql.placeholder("kind")),
        gt(proofs.expiresAt, sql.placeholder("now")),
        lt(proofs.tries, TRIES_MAX),
      ),
    )
    .returning({ id: proofs.id, userId: proofs.userId, data: proofs.data, expiresAt: proofs.expiresAt });

/** Digits for a letter: 26 bits, good with their challenge alone. */
export const newCode = (): string => randomText(CODE_DIGITS, "0123456789");

/** As a code is kept: keyed, for it could be guessed from a plain hash. */
export const codeMac = (ctx: Context, proofId: string, code: string): string =>
  macOf(ctx.keyring.codes, `${proofId}\n${code}`);

export function isCodeOf(ctx: Context, proof: Proof, typed: string): boolean {
  const kept = proof.data["code"];
  return typeof kept === "string" && sameText(kept, codeMac(ctx, proof.id, typed.replace(/\s/g, "")));
}

const newSecret = (): string =>
  randomText(43, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");

/** A proof of one kind never stands for another. */
const hashFor = (kind: ProofKind, secret: string): string => hashOf(`${kind}\n${secret}`);
