import { macOf, sameText } from "../lib/secrets.ts";
import type { Visitor } from "./visitor.ts";

/** A link with a password, as its lock knows it. */
export interface Locked {
  readonly id: string;
  /** Of the password, as it is stored. */
  readonly hash: string;
}

/** Compares what somebody typed, and counts it. */
export type TryPassword = (
  link: Locked,
  typed: string,
  address: string,
) => Promise<"right" | "wrong" | { readonly waitSeconds: number }>;

/** Who may pass a link with a password. */
export interface Locks {
  readonly tried: TryPassword;
  /** Whether the visitor has shown the password of this link, as it is now, within the hour. */
  isOpen(link: Locked, visitor: Visitor): boolean;
  /** The cookie that says so. It opens this link alone, and until the password is changed. */
  cookie(link: Locked, at: number, secure: boolean): string;
}

const OPEN_SECONDS = 3600;

/** @param secret signs the cookies */
export function openLocks(secret: string, tried: TryPassword): Locks {
  const sign = ({ id, hash }: Locked, endsAt: string): string =>
    macOf(secret, `unlocked\n${id}\n${hash}\n${endsAt}`);
  return {
    tried,
    isOpen(link, visitor) {
      const [endsAt = "", mac = "", more] = (visitor.cookie(link.id) ?? "").split(".");
      if (more !== undefined || !/^\d{1,16}$/.test(endsAt) || visitor.at >= Number(endsAt)) return false;
      return sameText(mac, sign(link, endsAt));
    },
    cookie(link, at, secure) {
      const endsAt = String(at + OPEN_SECONDS * 1000);
      const value = `${link.id}=${endsAt}.${sign(link, endsAt)}`;
      return `${value}; Path=/; Max-Age=${OPEN_SECONDS}; HttpOnly; SameSite=Lax${secure ? "; Secure" : ""}`;
    },
  };
}

const TYPED_BYTES_MAX = 4096;

/** What a form was sent with as its password; null when there is none, or too much of it. */
export async function typedPassword(request: Request): Promise<string | null> {
  const type = request.headers.get("content-type") ?? "";
  const bytes = await request.arrayBuffer();
  if (!/^application\/x-www-form-urlencoded\b/i.test(type) || bytes.byteLength > TYPED_BYTES_MAX) return null;
  return new URLSearchParams(new TextDecoder().decode(bytes)).get("password");
}
