import { eq } from "drizzle-orm";
import { LRUCache } from "lru-cache";
import { AppError } from "../../lib/errors.ts";
import { hashOf, isApiKey } from "../../lib/secrets.ts";
import type { Applications } from "../../platform/callers.ts";
import type { Application, Ports } from "../../platform/context.ts";
import type { Event } from "../../platform/events.ts";
import { isPermission } from "../../platform/permissions.ts";

interface Known {
  readonly application: Application;
  readonly expiresAt: number | null;
  usedAt: number;
}

export interface KeyAuthentication extends Applications {
  /** Forgets what a committed event has changed. */
  heard(event: Event): void;
}

/** Other processes may revoke a key: what is remembered is asked for again after a second. */
const REMEMBER_MS = 1000;
const USED_EVERY_MS = 60_000;

/** Knows callers by their keys. Looked-up keys are remembered for a second, and forgotten at once when revoked here. */
export function openKeyAuthentication({
  db,
  clock,
  log,
}: Pick<Ports, "db" | "clock" | "log">): KeyAuthentication {
  const known = new LRUCache<string, Known>({ max: 10_000, ttl: REMEMBER_MS });
  /** Counts revocations: a lookup begun before one must not bring the key back. */
  let generation = 0;
  const lastUsed = new LRUCache<string, number>({ max: 10_000 });

  async function find(hash: string): Promise<Known> {
    const { keys } = db.tables;
    const [row] = await db.read.select().from(keys).where(eq(keys.hash, hash)).limit(1);
    if (!row || row.revokedAt !== null) throw refused();
    const permissions = new Set(row.permissions.filter(isPermission));
    const application: Application = {
      keyId: row.id,
      kind: "secret",
      workspaceId: row.workspaceId,
      environment: row.environment,
      permissions,
      tier: null,
    };
    return { application, expiresAt: row.expiresAt, usedAt: row.lastUsedAt ?? 0 };
  }

  /** Kept to the minute, beside the change of whatever the key does: it is no event. */
  function touch({ application: { keyId }, usedAt }: Known): void {
    const now = clock.now();
    if (now - (lastUsed.get(keyId) ?? usedAt) < USED_EVERY_MS) return;
    lastUsed.set(keyId, now);
    const { keys } = db.tables;
    const written = db.transaction((tx) =>
      tx.update(keys).set({ lastUsedAt: tx.now }).where(eq(keys.id, keyId)),
    );
    written.catch((error: unknown) => log.warning("could not note the use of a key", { error }));
  }

  return {
    async of(request, bearer) {
      const secret = bearer ?? request.headers.get("x-api-key")?.trim() ?? null;
      if (secret === null) return null;
      // A mistyped key is refused here, before the database is asked.
      if (secret.startsWith("way_") && !isApiKey(secret)) throw refused();
      const hash = hashOf(secret);
      const began = generation;
      const found = known.get(hash) ?? (await find(hash));
      if (found.expiresAt !== null && found.expiresAt <= clock.now()) throw refused();
      if (began === generation) known.set(hash, found, { noUpdateTTL: true });
      touch(found);
      return found.application;
    },
    heard: ({ type }) => {
      if (!type.startsWith("key.")) return;
      generation++;
      known.clear();
    },
  };
}

const refused = () =>
  new AppError("INVALID_API_KEY", "The API key is not valid: it was mistyped, has expired or was revoked.");
