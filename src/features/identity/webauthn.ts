import type {
  AuthenticationResponseJSON,
  RegistrationResponseJSON,
  VerifiedAuthenticationResponse,
  VerifiedRegistrationResponse,
} from "@simplewebauthn/server";
import { AppError } from "../../lib/errors.ts";
import type { Context } from "../../platform/context.ts";

/** Whom the browser's keys are bound to: the host of this installation, and its page. */
export interface RelyingParty {
  readonly id: string;
  readonly origin: string;
}

/** @throws AppError FORBIDDEN where browsers make no passkeys */
export function relyingParty(ctx: Pick<Context, "baseUrl">): RelyingParty {
  const base = URL.parse(ctx.baseUrl() ?? "");
  if (base === null || /^[\d.]+$|^\[/.test(base.hostname))
    throw new AppError(
      "FORBIDDEN",
      "Passkeys need a name: set WAYPOST_BASE_URL to one, and not to an address.",
    );
  return { id: base.hostname, origin: base.origin };
}

/**
 * The library is large, and most starts never need it. What it stands on wants the polyfill to be there before it, which
 * it sees to itself only where modules are loaded one by one, and not in the executable.
 */
async function library() {
  await import("reflect-metadata");
  return import("@simplewebauthn/server");
}

const ALGORITHMS = [-8, -7, -257];
const TIMEOUT_MS = 300_000;

export interface NewKey {
  readonly user: { readonly id: string; readonly email: string; readonly name: string };
  /** Credentials that the account has already: no device is enrolled twice. */
  readonly existing: readonly { readonly credentialId: string; readonly transports: readonly string[] }[];
}

/** What a browser needs to make a passkey. The challenge has 256 bits. */
export async function creationOptions(rp: RelyingParty, { user, existing }: NewKey) {
  const { generateRegistrationOptions } = await library();
  return generateRegistrationOptions({
    rpName: "Waypost",
    rpID: rp.id,
    userName: user.email,
    userID: new Uint8Array(Buffer.from(user.id)),
    userDisplayName: user.name,
    challenge: crypto.getRandomValues(new Uint8Array(32)),
    timeout: TIMEOUT_MS,
    attestationType: "none",
    excludeCredentials: existing.map(({ credentialId, transports }) => ({
      id: credentialId,
      transports: [...transports] as never,
    })),
    authenticatorSelection: { residentKey: "required", userVerification: "required" },
    supportedAlgorithmIDs: ALGORITHMS,
  });
}

/** What a browser needs to use one. It names no account, so it tells of none. */
export async function requestOptions(rp: RelyingParty) {
  const { generateAuthenticationOptions } = await library();
  return generateAuthenticationOptions({
    rpID: rp.id,
    challenge: crypto.getRandomValues(new Uint8Array(32)),
    timeout: TIMEOUT_MS,
    userVerification: "required",
  });
}

/** Null for anything that is not a new key of this page, made with its person verified. */
export async function verifyCreation(
  rp: RelyingParty,
  challenge: string,
  response: RegistrationResponseJSON,
): Promise<NonNullable<VerifiedRegistrationResponse["registrationInfo"]> | null> {
  const { verifyRegistrationResponse } = await library();
  const verified = await orNull(() =>
    verifyRegistrationResponse({
      response,
      expectedChallenge: challenge,
      expectedOrigin: rp.origin,
      expectedRPID: rp.id,
      expectedType: "webauthn.create",
      requireUserPresence: true,
      requireUserVerification: true,
      supportedAlgorithmIDs: ALGORITHMS,
    }),
  );
  const made = verified?.verified ? (verified.registrationInfo ?? null) : null;
  return made !== null && (await isWholeKey(made.credential.publicKey)) ? made : null;
}

/** The library's reader of CBOR takes a key whose last bytes are missing, which would never open anything. */
async function isWholeKey(cose: Uint8Array<ArrayBuffer>): Promise<boolean> {
  const { decodeCredentialPublicKey } = await import("@simplewebauthn/server/helpers");
  // COSE (RFC 9053): 1 the kind of key; -2 and -3 the coordinates, of RSA -1 the modulus.
  const key = decodeCredentialPublicKey(cose) as unknown as ReadonlyMap<number, unknown>;
  const has = (label: number, length: number) =>
    (key.get(label) as Uint8Array | undefined)?.length === length;
  switch (key.get(1)) {
    case 1:
      return has(-2, 32);
    case 2:
      return has(-2, 32) && has(-3, 32);
    case 3:
      return ((key.get(-1) as Uint8Array | undefined)?.length ?? 0) >= 256;
    default:
      return false;
  }
}

export interface KnownKey {
  readonly credentialId: string;
  /** COSE, base64url. */
  readonly publicKey: string;
  readonly counter: number;
}

/** Null for anything that this key has not signed for this page and challenge, with its person verified. */
export async function verifyUse(
  rp: RelyingParty,
  challenge: string,
  response: AuthenticationResponseJSON,
  { credentialId, publicKey, counter }: KnownKey,
): Promise<VerifiedAuthenticationResponse["authenticationInfo"] | null> {
  const { verifyAuthenticationResponse } = await library();
  const verified = await orNull(() =>
    verifyAuthenticationResponse({
      response,
      expectedChallenge: challenge,
      expectedOrigin: rp.origin,
      expectedRPID: rp.id,
      expectedType: "webauthn.get",
      requireUserVerification: true,
      credential: {
        id: credentialId,
        publicKey: new Uint8Array(Buffer.from(publicKey, "base64url")),
        counter,
      },
    }),
  );
  return verified?.verified ? verified.authenticationInfo : null;
}

/** The challenge that a response says it answers; null when it says none. */
export function challengeOf(clientDataJSON: string): string | null {
  try {
    const { challenge } = JSON.parse(Buffer.from(clientDataJSON, "base64url").toString()) as {
      challenge?: unknown;
    };
    return typeof challenge === "string" ? challenge : null;
  } catch {
    return null;
  }
}

/** The library throws whatever is wrong with what a client sent, parsers' errors among them. */
async function orNull<T>(verify: () => Promise<T>): Promise<T | null> {
  try {
    return await verify();
  } catch {
    return null;
  }
}
