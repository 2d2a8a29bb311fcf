import { and, eq, isNotNull, isNull } from "drizzle-orm";
import type { Database } from "../../db/database.ts";
import { isAllowed } from "./origins.ts";

/** The origins that any publishable key allows, for browsers that ask before they show a key. */
export interface PageOrigins {
  knows(origin: string): Promise<boolean>;
  /** A key has changed. */
  forget(): void;
}

/** What is not known is looked for again after a second: another process may have made the key. */
const AGAIN_MS = 1000;
/** What is known stays known a little longer: the call itself is held against its own key. */
const KEPT_MS = 60_000;

export function openPageOrigins(
  { read, tables: { keys } }: Database,
  elapsedMs: () => number = () => performance.now(),
): PageOrigins {
  let known: Promise<readonly string[]> = Promise.resolve([]);
  let readAt = -Infinity;

  async function all(): Promise<readonly string[]> {
    const rows = await read
      .select({ origins: keys.origins })
      .from(keys)
      .where(and(eq(keys.kind, "publishable"), isNull(keys.revokedAt), isNotNull(keys.origins)));
    return [...new Set(rows.flatMap(({ origins }) => origins ?? []))];
  }

  function readAgain(): Promise<readonly string[]> {
    readAt = elapsedMs();
    known = all();
    known.catch(() => {
      readAt = -Infinity;
    });
    return known;
  }

  return {
    async knows(origin) {
      if (elapsedMs() - readAt >= KEPT_MS) return isAllowed(origin, await readAgain());
      if (isAllowed(origin, await known)) return true;
      return elapsedMs() - readAt >= AGAIN_MS && isAllowed(origin, await readAgain());
    },
    forget() {
      readAt = -Infinity;
    },
  };
}
