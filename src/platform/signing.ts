import { generateKeyPairSync } from "node:crypto";
import { errors, importJWK, jwtVerify, SignJWT } from "jose";
import type { Clock } from "../lib/clock.ts";
import { randomText } from "../lib/secrets.ts";
import { readKeys, writeKeys } from "./keyring.ts";

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

/** One key of the ring, as `keys.json` holds it: the newest signs, the others still verify. */
interface SigningKey {
  readonly kid: string;
  readonly createdAt: number;
  readonly jwk: { readonly kty: "OKP"; readonly crv: "Ed25519"; readonly d: string; readonly x: string };
}

const ALGORITHM = "EdDSA";
const TYPE = "at+jwt";
const AUDIENCE = "waypost-api";
/** Ours have about 400 characters. */
const LENGTH_MAX = 2048;
/** How often an unknown key may make us look whether the ring was changed meanwhile. */
const REREAD_MS = 1000;

export interface SigningOptions {
  readonly dataDir: string;
  readonly clock: Clock;
  /** Two installations never take each other's tokens, should they ever share a key. */
  readonly installationId: string;
}

export async function openSigning({ dataDir, clock, installationId }: SigningOptions): Promise<Signing> {
  const issuer = `urn:waypost:${installationId}`;
  if (ringOf(dataDir).length === 0) rotateSigning(dataDir, clock.now(), 0);
  let ring = await imported(ringOf(dataDir));
  let readAt = clock.now();

  async function keyOf(kid: string | undefined) {
    const known = ring.find((one) => one.kid === kid);
    if (known || clock.now() - readAt < REREAD_MS) return known;
    readAt = clock.now();
    ring = await imported(ringOf(dataDir));
    return ring.find((one) => one.kid === kid);
  }

  return {
    async rotate(tokenLifeMs) {
      rotateSigning(dataDir, clock.now(), tokenLifeMs);
      ring = await imported(ringOf(dataDir));
    },
    async sign({ userId, sessionId, expiresAt }) {
      const { kid, secret } = ring.at(-1)!;
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

/**
 * Adds a key that signs from now on. What older ones have signed stays good as long as such tokens live, and then the
 * keys go.
 */
export function rotateSigning(dataDir: string, now: number, tokenLifeMs: number): void {
  const { privateKey } = generateKeyPairSync("ed25519");
  const { d, x } = privateKey.export({ format: "jwk" });
  if (d === undefined || x === undefined) throw new Error("Ed25519 keys have both parts");
  const ring = ringOf(dataDir);
  // An older key signed until its successor was made.
  const kept = ring.filter((_, at) => (ring[at + 1]?.createdAt ?? now) + tokenLifeMs > now);
  const kid = `sig_${randomText(16, "0123456789abcdefghjkmnpqrstvwxyz")}`;
  const made: SigningKey = { kid, createdAt: now, jwk: { kty: "OKP", crv: "Ed25519", d, x } };
  writeKeys(dataDir, { ...readKeys(dataDir), signing: [...kept, made] });
}

const ringOf = (dataDir: string): SigningKey[] => (readKeys(dataDir)["signing"] ?? []) as SigningKey[];

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
