import { addressKey } from "../../lib/mailbox.ts";
import { macOf, sameText } from "../../lib/secrets.ts";
import type { Context } from "../context.ts";

export const UNSUBSCRIBE_PATH = "/api/v1/mail/unsubscribe";

/** Whom a link of unsubscribing speaks of. */
export interface Leaving {
  readonly addressKey: string;
  readonly topic: string;
}

/**
 * The link that ends a topic for one address, without a sign-in and for good: the mail it stands in may be years old.
 * Null as long as nobody knows where this installation is reached.
 */
export function unsubscribeUrl(
  { baseUrl, unsubscribeSecret }: Pick<Context, "baseUrl" | "unsubscribeSecret">,
  email: string,
  topic: string,
): string | null {
  const base = baseUrl();
  if (base === null) return null;
  const payload = Buffer.from(JSON.stringify([addressKey(email), topic])).toString("base64url");
  return `${base}${UNSUBSCRIBE_PATH}?token=${payload}.${macOf(unsubscribeSecret, payload)}`;
}

/** Null for a token that we did not make. */
export function readLeaving(unsubscribeSecret: string, token: string): Leaving | null {
  const [payload = "", mac = "", ...rest] = token.split(".");
  if (rest.length > 0 || token.length > 2048 || !sameText(mac, macOf(unsubscribeSecret, payload)))
    return null;
  const [key, topic] = JSON.parse(Buffer.from(payload, "base64url").toString()) as [string, string];
  return { addressKey: key, topic };
}
