import type { Visit } from "../../redirect/visit.ts";
import type { DailyVisitor } from "../clicks.ts";
import type { Page } from "./page.ts";
import { pageOver } from "./page.ts";

export const SALT_BYTES = 16;
const TEXT_BYTES_MAX = 4096;

/**
 * Who a visitor is for one day, and for nobody but this workspace: the first 64 bits of SHA-256 over the day's
 * salt, the workspace (the domain where there is none), the whole address and the user agent. The address is
 * read here and written nowhere.
 */
export interface VisitorHash {
  /** Two words, valid until the next call. Never both zero: that means nobody. */
  of(visit: Visit): Uint32Array;
  /** 22 characters of base64url for one domain's own use: no hash of `of` can be told from it, nor the other way round. */
  key(visitor: DailyVisitor): string;
  useSalt(salt: Uint8Array): void;
}

export function visitorHash(salt: Uint8Array): VisitorHash {
  const page: Page = pageOver(new Uint8Array(new ArrayBuffer(SALT_BYTES + TEXT_BYTES_MAX)));
  const { bytes } = page;
  const digest = new Uint8Array(32);
  const words = new Uint32Array(digest.buffer);
  bytes.set(salt, 0);
  const digestOf = (scope: string, address: string, userAgent: string): void => {
    let end = SALT_BYTES;
    end += bytes.utf8Write(scope, end, 256);
    // No id or address holds a zero byte, so no two visitors spell the same bytes.
    bytes[end++] = 0;
    end += bytes.utf8Write(address, end, 256);
    bytes[end++] = 0;
    end += bytes.utf8Write(userAgent, end, 2048);
    Bun.SHA256.hash(bytes.subarray(0, end), digest);
  };
  return {
    of(visit) {
      const scope = visit.link?.workspaceId ?? visit.domain.workspaceId ?? visit.domain.id;
      digestOf(scope, visit.address, visit.userAgent);
      if (words[0] === 0 && words[1] === 0) words[0] = 1;
      return words;
    },
    key({ domainId, address, userAgent }) {
      // A colon stands in no id, so this scope is no other's.
      digestOf(`key:${domainId}`, address, userAgent);
      return Buffer.from(digest.buffer, 0, 16).toString("base64url");
    },
    useSalt: (next) => bytes.set(next, 0),
  };
}
