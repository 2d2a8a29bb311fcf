import { AppError } from "../../lib/errors.ts";
import { isApiKey } from "../../lib/secrets.ts";

/** A secret as a request shows it, and what is said beside it. */
export interface Credential {
  readonly secret: string;
  /** The key's id, where it is sent beside the secret. */
  readonly keyId: string | null;
  /** The extension that calls; null where no extension does. */
  readonly appId: string | null;
}

/** Extensions written for Inhouse send the same under its names. */
const EXTENSION_HEADERS = ["x-waypost", "x-inhouse"] as const;
const LENGTH_MAX = 512;

/**
 * The key a request shows, in the documented order: bearer, extension headers, `X-API-Key`, id and secret. Null
 * without any. A key that is mistyped or made up is refused here, before the database is asked.
 */
export function credentialOf(headers: Headers, bearer: string | null): Credential | null {
  const shown =
    bearer !== null ? alone(bearer) : (ofExtension(headers) ?? ofHeader(headers) ?? pair(headers));
  if (shown === null) return null;
  const { secret } = shown;
  if (secret.length > LENGTH_MAX || (secret.startsWith("way_") && !isApiKey(secret))) throw refusedKey();
  return shown;
}

const alone = (secret: string): Credential => ({ secret, keyId: null, appId: null });

function ofExtension(headers: Headers): Credential | null {
  for (const name of EXTENSION_HEADERS) {
    const keyId = headers.get(`${name}-token-id`);
    const secret = headers.get(`${name}-token-secret`);
    if (keyId === null && secret === null) continue;
    // Mobile kits send the app alone, beside a pair.
    const appId = headers.get(`${name}-app`);
    if (!keyId || !secret || !appId)
      throw incomplete(`${name}-token-id, ${name}-token-secret and ${name}-app`);
    return { secret: secret.trim(), keyId: keyId.trim(), appId: appId.trim() };
  }
  return null;
}

function ofHeader(headers: Headers): Credential | null {
  const secret = headers.get("x-api-key")?.trim();
  return secret === undefined ? null : alone(secret);
}

function pair(headers: Headers): Credential | null {
  const keyId = headers.get("x-api-token-id");
  const secret = headers.get("x-api-token-secret");
  if (keyId === null && secret === null) return null;
  if (!keyId || !secret) throw incomplete("x-api-token-id and x-api-token-secret");
  return { secret: secret.trim(), keyId: keyId.trim(), appId: null };
}

const incomplete = (names: string) => new AppError("INVALID_API_KEY", `These headers go together: ${names}.`);

/** One for all of them: whoever makes up keys would have a stack taken down for each. */
const REFUSED = new AppError(
  "INVALID_API_KEY",
  "The API key is not valid: it was mistyped, has expired or was revoked.",
);
export const refusedKey = () => REFUSED;
