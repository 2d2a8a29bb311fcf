import { and, eq, isNull, type SQL, sql } from "drizzle-orm";
import { LRUCache } from "lru-cache";
import type { Build } from "../../db/database.ts";
import { AppError } from "../../lib/errors.ts";
import { hashOf } from "../../lib/secrets.ts";
import type { People } from "../../platform/callers.ts";
import type { Person, Ports } from "../../platform/context.ts";
import type { Event } from "../../platform/events.ts";
import type { AccessClaims } from "../../platform/signing.ts";
import type { Cookies } from "./cookie.ts";
import { sessionOver } from "./errors.ts";

interface Known {
  readonly person: Person;
  readonly expiresAt: number;
  usedAt: number;
}

export interface Sessions extends People {
  /** Forgets what a committed event has changed. */
  heard(event: Event): void;
}

/** Other processes may end a session: what is remembered is asked for again well within a second. */
const REMEMBER_MS = 500;
const USED_EVERY_MS = 60_000;

/** What may change what a session is good for. */
const CHANGES = /^(session\.(ended|confirmed)|user\.(updated|deleted|disabled|enabled))$/;

/**
 * Knows people by their access tokens and cookies: each call asks whether the session still lives.
 * @param monotonic a clock that nobody sets back
 */
export function openPeople(
  ports: Pick<Ports, "db" | "clock" | "log" | "config" | "signing">,
  cookies: Cookies,
  monotonic: { now(): number } = performance,
): Sessions {
  const { db, clock, log, config, signing } = ports;
  const remembering = { max: 10_000, ttl: REMEMBER_MS, ttlResolution: 0, perf: monotonic };
  const known = new LRUCache<string, Known>(remembering);
  /** Signatures that were right are not checked at once again, for their key may leave the ring; whether the session lives is. */
  const signed = new LRUCache<string, AccessClaims>(remembering);
  const touched = new LRUCache<string, number>({ max: 10_000 });
  /** Counts changes: a lookup begun before one must not bring the old state back. */
  let generation = 0;

  async function find(by: SQL): Promise<Known | null> {
    const { sessions, users } = db.tables;
    const [row] = await db.read
      .select({ session: sessions, operator: users.operator, disabledAt: users.disabledAt })
      .from(sessions)
      .innerJoin(users, eq(users.id, sessions.userId))
      .where(and(by, isNull(sessions.endedAt)))
      .limit(1);
    if (!row || row.disabledAt !== null) return null;
    const { id, userId, provedAt, usedAt, expiresAt } = row.session;
    return {
      person: { userId, sessionId: id, provedAt, operator: row.operator, scopes: null },
      expiresAt,
      usedAt,
    };
  }

  async function personOfSession(cacheKey: string, by: SQL): Promise<Person | null> {
    // The age of an answer is counted from the question: what changed in between is missing in it.
    const [began, start] = [generation, monotonic.now()];
    const remembered = known.get(cacheKey);
    const found = remembered ?? (await find(by));
    if (found === null) return null;
    const now = clock.now();
    const usedAt = Math.max(found.usedAt, touched.get(found.person.sessionId!) ?? 0);
    if (found.expiresAt <= now || usedAt + config.WAYPOST_SESSION_IDLE <= now) return null;
    if (!remembered && began === generation) known.set(cacheKey, found, { start });
    if (now - usedAt >= USED_EVERY_MS) touch(found.person.sessionId!, now);
    return found.person;
  }

  /** Kept to the minute, and no event: the session goes on as it was. */
  function touch(id: string, now: number): void {
    touched.set(id, now);
    db.each(use, [{ id, now }]).catch((error: unknown) =>
      log.warning("could not note the use of a session", { error }),
    );
  }

  async function claimsOf(token: string): Promise<AccessClaims> {
    const hash = hashOf(token);
    const start = monotonic.now();
    const remembered = signed.get(hash);
    const claims = remembered ?? (await signing.verify(token));
    if (claims === null || claims.expiresAt <= clock.now())
      throw new AppError(
        "INVALID_TOKEN",
        "The access token is not valid, or is over: POST /auth/refresh-token.",
      );
    if (!remembered) signed.set(hash, claims, { start });
    return claims;
  }

  return {
    async byBearer(token) {
      // Every JWT begins so, for its header is an object; no key of ours does.
      if (!token.startsWith("eyJ")) return null;
      const { sessionId, userId } = await claimsOf(token);
      const { sessions } = db.tables;
      const person = await personOfSession(sessionId, eq(sessions.id, sessionId as never));
      if (person?.userId !== userId) throw sessionOver();
      return person;
    },
    async byCookie(request) {
      const secret = cookies.session(request);
      if (secret === null || secret === "") return null;
      const hash = hashOf(secret);
      const person = await personOfSession(`cookie ${hash}`, eq(db.tables.sessions.secretHash, hash));
      if (person !== null && !["GET", "HEAD", "OPTIONS"].includes(request.method)) {
        cookies.assertOwnPage(request);
        cookies.assertCsrf(request, person.sessionId!);
      }
      return person;
    },
    heard({ type }) {
      if (!CHANGES.test(type)) return;
      generation++;
      known.clear();
    },
  };
}

const use: Build<{ id: string }> = (queries, { sessions }) =>
  queries
    .update(sessions)
    .set({ usedAt: sql`${sql.placeholder("now")}` } as never)
    .where(eq(sessions.id, sql.placeholder("id")))
    .returning({ id: sessions.id });
