import { eq } from "drizzle-orm";
import { hashOf } from "../../lib/secrets.ts";
import type { Context } from "../../platform/context.ts";
import { type Change, change, Unchanged } from "../../platform/events.ts";
import type { Tokens } from "./auth-model.ts";
import { sessionOver } from "./errors.ts";
import { refreshReused, sessionRefreshed } from "./events.ts";
import { queueNotice } from "./notices.ts";
import { asUser, endSessions, newRefreshToken } from "./sessions.ts";
import type { SessionRow, UserRow } from "./store.ts";
import { accessTokenOf } from "./tokens.ts";

/** Two requests of one client may carry the same token; who comes later than this is somebody else. */
const OVERLAP_MS = 10_000;

type Outcome =
  | { readonly kind: "refreshed"; readonly session: SessionRow; readonly token: string }
  | { readonly kind: "over" };

/**
 * Gives a new pair for a refresh token, which is good once. Tokens of one generation stand for each other; a newer
 * generation makes the one before good for another ten seconds, so that parallel clients all come through, and anything
 * older proof that somebody has a copy: then the whole family ends (RFC 9700, 4.14.2).
 * @throws AppError INVALID_TOKEN
 */
export async function refreshSession(ctx: Context, refreshToken: string): Promise<Tokens> {
  const outcome = await change(ctx, (tx) => turn(tx, ctx, hashOf(refreshToken)));
  if (outcome.kind === "over") throw sessionOver();
  return { ...(await accessTokenOf(ctx, outcome.session)), refreshToken: outcome.token };
}

async function turn(tx: Change, anybody: Context, hash: string): Promise<Outcome> {
  const { refreshTokens, sessions } = anybody.db.tables;
  const found = await family(tx, anybody, hash);
  if (found === null) throw new Unchanged<Outcome>({ kind: "over" });
  const { user, session, generation } = found;
  const ctx = asUser(anybody, session.userId);
  const isCurrent = generation === session.generation;
  const isBefore = generation === session.generation - 1 && tx.now - session.rotatedAt <= OVERLAP_MS;
  const told = { id: session.id, userId: session.userId };
  if (!isCurrent && !isBefore) {
    await endSessions(tx, { ...ctx, actor: anybody.actor }, [session], "refresh_reused");
    tx.record(refreshReused, session.id, told, null);
    await queueNotice(tx, ctx, user, "refreshReused");
    return { kind: "over" };
  }
  const token = newRefreshToken();
  const next = isCurrent ? session.generation + 1 : session.generation;
  await tx
    .insert(refreshTokens)
    .values({ hash: hashOf(token), sessionId: session.id, generation: next, createdAt: tx.now });
  await tx
    .update(sessions)
    .set({ generation: next, usedAt: tx.now, ...(isCurrent ? { rotatedAt: tx.now } : {}) })
    .where(eq(sessions.id, session.id));
  tx.record(sessionRefreshed, session.id, told, null);
  return { kind: "refreshed", session, token };
}

/** The session a token belongs to, while it lives. */
async function family(
  tx: Change,
  ctx: Context,
  hash: string,
): Promise<{ user: UserRow; session: SessionRow; generation: number } | null> {
  const { refreshTokens, sessions, users } = ctx.db.tables;
  const [row] = await tx
    .select({ user: users, session: sessions, generation: refreshTokens.generation })
    .from(refreshTokens)
    .innerJoin(sessions, eq(sessions.id, refreshTokens.sessionId))
    .innerJoin(users, eq(users.id, sessions.userId))
    .where(eq(refreshTokens.hash, hash))
    .limit(1);
  if (!row || row.user.disabledAt !== null || row.session.endedAt !== null) return null;
  const { expiresAt, usedAt } = row.session;
  return expiresAt > tx.now && usedAt + ctx.config.WAYPOST_SESSION_IDLE > tx.now ? row : null;
}
