import { errors, importJWK, jwtVerify, SignJWT } from "jose";
import type { Clock } from "../lib/clock.ts";
import { randomText } from "../lib/secrets.ts";
import { type Keyring, KeyringError, type SigningKey } from "./keyring.ts";

/** What an access token says. Rights are never in it: they are asked for when it is used. */
export interface AccessClaims {
  readonly userId: string;
  readonly sessionId: string;
  /** In milliseconds. */
  readonly expiresAt: number;
}

/** Makes and reads access tokens: JWT (RFC 7519) by the profile of RFC 9068, signed with Ed25519 (RFC 8037). */
export interface Signing {
  sign(claims: AccessClaims): Promise<string>;
  /** Null for whatever this installation did not sign, and for what is over. */
  verify(token: string): Promise<AccessClaims | null>;
  /** Signs with a new key from now on; tokens of before stay good for as long as they live. */
  rotate(tokenLifeMs: number): Promise<void>;
}

const ALGORITHM = "EdDSA";
const TYPE = "at+jwt";
const AUDIENCE = "waypost-api";
/** Ours have about 400 characters. */
const LENGTH_MAX = 2048;
/** How often we look whether the ring was changed meanwhile. */
const REREAD_MS = 1000;

export interface SigningOptions {
  readonly keyring: Pick<Keyring, "signing" | "addSigningKey">;
  readonly clock: Clock;
  /** Two installations never take each other's tokens, should they ever share a key. */
  readonly installationId: string;
}

export async function openSigning({ keyring, clock, installationId }: SigningOptions): Promise<Signing> {
  const issuer = `urn:waypost:${installationId}`;
  let keys = keyring.signing();
  let ring = await imported(keys);
  let readAt = clock.now();

  async function readAgain(): Promise<void> {
    const now = keyring.signing();
    if (Bun.deepEquals(now, keys)) return;
    ring = await imported(now);
    keys = now;
  }

  /** What was taken off the ring by hand or by another process is good for a second more at most. */
  async function keyOf(kid: string | undefined) {
    if (Math.abs(clock.now() - readAt) >= REREAD_MS) {
      readAt = clock.now();
      await readAgain().catch((error: unknown) => {
        // Somebody is writing it by hand: what we had is good until it can be read.
        if (!(error instanceof KeyringError)) throw error;
      });
    }
    return ring.find((one) => one.kid === kid);
  }

  return {
    async rotate(tokenLifeMs) {
      keyring.addSigningKey(clock.now(), tokenLifeMs);
      await readAgain();
    },
    async sign({ userId, sessionId, expiresAt }) {
      const { kid, secret } = ring[0]!;
      return new SignJWT({ sid: sessionId })
        .setProtectedHeader({ alg: ALGORITHM, typ: TYPE, kid })
        .setIssuer(issuer)
        .setAudience(AUDIENCE)
        .setSubject(userId)
        .setJti(randomText(22, "0123456789abcdefghijklmnopqrstuvwxyz"))
        .setIssuedAt(Math.floor(clock.now() / 1000))
        .setExpirationTime(Math.floor(expiresAt / 1000))
        .sign(secret);
    },
    async verify(token) {
      if (!isStrictlyEncoded(token)) return null;
      try {
        const { payload } = await jwtVerify(
          token,
          async ({ kid }) => {
            const key = await keyOf(kid);
            if (!key) throw new errors.JWKSNoMatchingKey();
            return key.open;
          },
          {
            algorithms: [ALGORITHM],
            typ: TYPE,
            issuer,
            audience: AUDIENCE,
            requiredClaims: ["exp", "iat", "sub", "sid", "jti"],
            currentDate: new Date(clock.now()),
          },
        );
        const { sub, sid, exp } = payload;
        if (typeof sub !== "string" || typeof sid !== "string" || typeof exp !== "number") return null;
        return { userId: sub, sessionId: sid, expiresAt: exp * 1000 };
      } catch (error) {
        if (error instanceof errors.JOSEError || error instanceof TypeError) return null;
        throw error;
      }
    },
  };
}

const imported = (keys: readonly SigningKey[]) =>
  Promise.all(
    keys.map(async ({ kid, jwk }) => ({
      kid,
      secret: await importJWK({ ...jwk }, ALGORITHM),
      open: await importJWK({ kty: jwk.kty, crv: jwk.crv, x: jwk.x }, ALGORITHM),
    })),
  );

/** One token has one spelling: decoders forgive padding, line ends and idle bits, which would make others of it. */
function isStrictlyEncoded(token: string): boolean {
  if (token.length > LENGTH_MAX || !/^[\w-]+\.[\w-]+\.[\w-]+$/.test(token)) return false;
  return token.split(".").every((part) => Buffer.from(part, "base64url").toString("base64url") === part);
}
