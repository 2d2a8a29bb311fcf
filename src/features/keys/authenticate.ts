import { eq } from "drizzle-orm";
import { LRUCache } from "lru-cache";
import { AppError } from "../../lib/errors.ts";
import { isWithin } from "../../lib/ip.ts";
import { isPersonalToken } from "../../lib/secrets.ts";
import { type Applications, type Memberships, TurnedAway } from "../../platform/callers.ts";
import type { Actor, Application, Person, Ports } from "../../platform/context.ts";
import type { Event } from "../../platform/events.ts";
import { operatorPermissions, type Permission } from "../../platform/permissions.ts";
import { type Credential, credentialOf, refusedKey } from "./credentials.ts";
import { type Known, openKeyLookup } from "./lookup.ts";
import { originAllowed } from "./origins.ts";
import { openPageOrigins } from "./page-origins.ts";

export interface KeyAuthentication extends Applications {
  /** The person of a personal token; null when the text is none. @throws AppError INVALID_API_KEY, FORBIDDEN */
  byPersonalToken(token: string, address: string): Promise<Person | null>;
  /** Whether some publishable key allows this origin. */
  knowsOrigin(origin: string): Promise<boolean>;
  /** Forgets what a committed event has changed. */
  heard(event: Event): void;
}

export interface KeyAuthenticationOptions extends Pick<Ports, "db" | "clock" | "log"> {
  readonly memberships: Memberships;
  /** Tests bring time that is moved by hand. */
  readonly elapsedMs?: () => number;
}

const USED_EVERY_MS = 60_000;
/** What a remembered key holds that others may change. */
const CHANGES = /^(key|token|extension|tier|user|workspace|member)\./;

/** Knows callers by their keys. */
export function openKeyAuthentication(options: KeyAuthenticationOptions): KeyAuthentication {
  const { db, clock, log, memberships, elapsedMs } = options;
  const lookup = openKeyLookup(db, clock, elapsedMs);
  const origins = openPageOrigins(db, elapsedMs);
  const lastUsed = new LRUCache<string, number>({ max: 10_000 });

  /** What it may do now: never more than whoever made it. @throws AppError when they may do nothing any more */
  async function rightsOf({ row, home, permissions, holder }: Known): Promise<ReadonlySet<Permission>> {
    if (row.makerId === null) return permissions;
    const rights = holder === null ? null : await holderRights(holder, home);
    if (rights === null) throw refusedKey();
    return permissions.intersection(rights);
  }

  function holderRights({ id, operator }: NonNullable<Known["holder"]>, home: Known["home"]) {
    if (home === null) return operator ? new Set<Permission>(operatorPermissions) : null;
    const maker = { userId: id, sessionId: null, provedAt: null, operator, scopes: null };
    return memberships.permissionsOf(maker, home);
  }

  /** Kept to the minute, beside the change of whatever the key does: it is no event. */
  function touch({ id, lastUsedAt }: Known["row"]): void {
    const now = clock.now();
    if (now - (lastUsed.get(id) ?? lastUsedAt ?? 0) < USED_EVERY_MS) return;
    lastUsed.set(id, now);
    const { keys } = db.tables;
    const written = db.transaction((tx) =>
      tx.update(keys).set({ lastUsedAt: tx.now }).where(eq(keys.id, id)),
    );
    written.catch((error: unknown) => log.warning("could not note the use of a key", { error }));
  }

  return {
    async of(request, bearer, address) {
      const shown = credentialOf(request.headers, bearer);
      if (shown === null) return null;
      const found = await lookup.find(shown.secret);
      checkWay(found, shown, request.headers);
      checkAddress(found, address);
      const permissions = await rightsOf(found);
      touch(found.row);
      return applicationOf(found, permissions);
    },
    async byPersonalToken(token, address) {
      if (!isPersonalToken(token)) return null;
      const found = await lookup.find(token);
      checkAddress(found, address);
      if (found.row.kind !== "personal" || found.holder === null) throw refusedKey();
      touch(found.row);
      const { id: userId, operator } = found.holder;
      const { id: tokenId } = found.row;
      return { userId, operator, tokenId, sessionId: null, provedAt: null, scopes: found.permissions };
    },
    knowsOrigin: origins.knows,
    heard: ({ type }) => {
      if (CHANGES.test(type)) lookup.forget();
      if (type.startsWith("key.")) origins.forget();
    },
  };
}

function applicationOf({ row }: Known, permissions: ReadonlySet<Permission>): Application {
  if (row.kind === "personal") throw refusedKey();
  const { id: keyId, kind, workspaceId, environment, tier } = row;
  return { keyId, kind, workspaceId, environment, permissions, tier };
}

/** Each kind of key is shown in its own way. What is told here is told to whoever holds the secret. */
function checkWay(known: Known, { keyId, appId }: Credential, headers: Headers): void {
  const { row, extension } = known;
  if (keyId !== null && keyId !== row.id) throw refusedKey();
  if (row.kind === "personal")
    throw new AppError(
      "INVALID_API_KEY",
      "A personal token is sent as Authorization: Bearer, and no other way.",
    );
  if ((row.kind === "extension") !== (appId !== null))
    throw new AppError(
      "INVALID_API_KEY",
      row.kind === "extension"
        ? "This is an extension's credential: send x-waypost-token-id, x-waypost-token-secret and x-waypost-app."
        : "This key is not an extension's: send it as Authorization: Bearer or X-API-Key.",
    );
  if (row.kind === "extension" && !(extension?.enabled && extension.appId === appId))
    throw turnedAway(
      known,
      "extension",
      "This credential belongs to another extension, or its extension is off.",
    );
  if (row.kind === "publishable" && !originAllowed(headers, row.origins ?? []))
    throw turnedAway(known, "origin", "This publishable key may not be used by pages of this origin.");
}

function checkAddress(known: Known, address: string): void {
  const { networks } = known;
  if (networks === null || isWithin(address, networks)) return;
  throw turnedAway(known, "address", "This key may not be used from your address.");
}

/** On record as the key's, for whoever is to know that it is used where it should not be. */
function turnedAway({ row }: Known, reason: TurnedAway["reason"], message: string): TurnedAway {
  const { id, workspaceId } = row;
  const nothing = new Set<Permission>();
  const actor: Actor = {
    kind: "key",
    id,
    workspaceId,
    permissions: nothing,
    person: null,
    application: null,
  };
  return new TurnedAway(actor, reason, message);
}
