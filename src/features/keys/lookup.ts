import { and, eq, isNull, sql } from "drizzle-orm";
import { LRUCache } from "lru-cache";
import type { Database } from "../../db/database.ts";
import type { Id } from "../../lib/ids.ts";
import { type Network, parseNetwork } from "../../lib/ip.ts";
import { hashOf, sameText } from "../../lib/secrets.ts";
import { isGuarded, isPermission, type Permission } from "../../platform/permissions.ts";
import { refusedKey } from "./credentials.ts";

type Row = Database["tables"]["keys"]["$inferSelect"];

/** A key as it is remembered between its calls. */
export interface Known {
  readonly row: Row;
  /** The workspace whose members may use it: the live side, for a test key too. */
  readonly home: Id<"ws"> | null;
  readonly permissions: ReadonlySet<Permission>;
  readonly networks: readonly Network[] | null;
  /** The account whose rights bound it; null where the row names one that is disabled or no more, or none. */
  readonly holder: { readonly id: Id<"usr">; readonly operator: boolean } | null;
  readonly extension: { readonly appId: string; readonly enabled: boolean } | null;
  /** When this very secret ends, by the key's own hour or by the overlap of a rotation; null for never. */
  readonly endsAt: number | null;
}

export interface KeyLookup {
  /** @throws AppError INVALID_API_KEY */
  find(secret: string): Promise<Known>;
  /** Forgets everything: something that was committed may have changed some of it. */
  forget(): void;
}

/** Other processes may revoke a key: what is remembered is asked for again after a second. */
const REMEMBER_MS = 1000;

/**
 * Finds keys by their secrets, and remembers them for a second.
 * @param elapsedMs a clock that nobody sets back
 */
export function openKeyLookup(
  db: Database,
  clock: { now(): number },
  elapsedMs: () => number = () => performance.now(),
): KeyLookup {
  const remembering = { max: 10_000, ttl: REMEMBER_MS, ttlResolution: 0, perf: { now: elapsedMs } };
  const known = new LRUCache<string, Known>(remembering);
  /** What is no key: a client that has not heard of a revocation asks again and again. */
  const unknown = new LRUCache<string, true>(remembering);
  /** Counts what was forgotten: a lookup begun before must not bring the old state back. */
  let generation = 0;
  const idOf = whoseHash(db);
  const byId = prepared(db);

  async function ask(hash: string): Promise<Known> {
    if (unknown.has(hash)) throw refusedKey();
    const began = generation;
    const named = await idOf({ hash });
    const found = named && (await byId({ id: named.id }));
    if (!found || found.row.revokedAt !== null) {
      if (began === generation) unknown.set(hash, true);
      throw refusedKey();
    }
    return knownOf(found, hash);
  }

  return {
    async find(secret) {
      const hash = hashOf(secret);
      const began = generation;
      const remembered = known.get(hash);
      const found = remembered ?? (await ask(hash));
      if (found.endsAt !== null && found.endsAt <= clock.now()) throw refusedKey();
      if (!remembered && began === generation) known.set(hash, found);
      return found;
    },
    forget() {
      generation++;
      known.clear();
      unknown.clear();
    },
  };
}

type Found = {
  readonly row: Row;
  readonly testOf: Id<"ws"> | null;
  readonly holder: { readonly id: Id<"usr">; readonly operator: boolean } | null;
  readonly extension: { readonly appId: string; readonly enabled: boolean } | null;
};

/** Asked by everybody who makes up a key, and so kept small: a wide row costs ten times as much, found or not. */
const whoseHash = ({ prepare, tables: { keys } }: Database) =>
  prepare<{ id: Id<"key"> }>((read) => {
    const having = (column: typeof keys.hash | typeof keys.previousHash) =>
      read
        .select({ id: keys.id })
        .from(keys)
        .where(eq(column, sql.placeholder("hash")));
    return having(keys.hash).unionAll(having(keys.previousHash)).limit(1);
  });

const prepared = (db: Database) => {
  const { keys, workspaces, users, extensions } = db.tables;
  return db.prepare<Found>((read) =>
    read
      .select({
        row: keys,
        testOf: workspaces.testOf,
        holder: { id: users.id, operator: users.operator },
        extension: { appId: extensions.appId, enabled: extensions.enabled },
      })
      .from(keys)
      .leftJoin(workspaces, eq(workspaces.id, keys.workspaceId))
      // Who is disabled holds nothing: as if the account were no more.
      .leftJoin(
        users,
        and(eq(users.id, sql`coalesce(${keys.userId}, ${keys.makerId})`), isNull(users.disabledAt)),
      )
      .leftJoin(extensions, eq(extensions.id, keys.extensionId))
      .where(eq(keys.id, sql.placeholder("id")))
      .limit(1),
  );
};

function knownOf({ row, testOf, holder, extension }: Found, hash: string): Known {
  const words = row.permissions.filter(isPermission);
  const overlap = sameText(row.hash, hash) ? null : row.previousUntil;
  return {
    row,
    home: testOf ?? row.workspaceId,
    permissions: new Set(words.filter((one) => row.confirmedBy !== null || !isGuarded(one))),
    networks: row.networks?.map((text) => parseNetwork(text)!) ?? null,
    holder,
    extension,
    endsAt: sameText(row.hash, hash) ? row.expiresAt : Math.min(overlap ?? 0, row.expiresAt ?? Infinity),
  };
}
