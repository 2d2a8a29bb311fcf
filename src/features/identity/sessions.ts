import { and, inArray, isNull } from "drizzle-orm";
import type { SessionEnd, SignInMethod } from "../../db/schema/identity.ts";
import { notFound } from "../../lib/errors.ts";
import { type Id, newId } from "../../lib/ids.ts";
import { hashOf, randomText } from "../../lib/secrets.ts";
import { personOf } from "../../platform/callers.ts";
import type { Context } from "../../platform/context.ts";
import { type Change, change, Unchanged } from "../../platform/events.ts";
import { type Session, toSession } from "./auth-model.ts";
import { knownDevice, newDeviceToken } from "./device.ts";
import { sessionEnded, sessionStarted } from "./events.ts";
import { queueNewSignIn } from "./notices.ts";
import { liveSessions, type SessionRow, type UserRow } from "./store.ts";

/** How somebody wants to be signed in. */
export interface Way {
  /** `cookie` for a page in a browser, `tokens` for everything else. */
  readonly session: "tokens" | "cookie";
  readonly platform: string | null;
  readonly device: string | null;
  readonly deviceToken: string | null;
}

/** A session with its secrets, which are seen this once. */
export interface Started {
  readonly session: SessionRow;
  readonly user: UserRow;
  readonly refreshToken: string | null;
  readonly cookie: string | null;
  readonly deviceToken: string;
}

const LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/** 43 letters of 62: 256 bits. */
const SECRET_LENGTH = 43;
export const newRefreshToken = (): string => `way_rt_${randomText(SECRET_LENGTH, LETTERS)}`;

/** What somebody does who has just shown who they are. */
export const asUser = (ctx: Context, userId: Id<"usr">): Context => ({
  ...ctx,
  actor: { ...ctx.actor, kind: "user", id: userId, workspaceId: null },
});

/** Opens a session with an id and secrets of its own, whatever the client brought. `ctx` is the user's. */
export async function startSession(
  tx: Change,
  ctx: Context,
  user: UserRow,
  method: SignInMethod,
  way: Way,
): Promise<Started> {
  const { sessions, refreshTokens } = ctx.db.tables;
  const cookie = way.session === "cookie" ? randomText(SECRET_LENGTH, LETTERS) : null;
  const refreshToken = way.session === "tokens" ? newRefreshToken() : null;
  const session: SessionRow = {
    id: newId("ses", tx.now),
    userId: user.id,
    kind: way.session,
    secretHash: cookie === null ? null : hashOf(cookie),
    method,
    platform: way.platform,
    device: way.device,
    network: ctx.origin.network,
    userAgent: ctx.origin.userAgent,
    generation: 1,
    rotatedAt: tx.now,
    provedAt: tx.now,
    usedAt: tx.now,
    expiresAt: tx.now + ctx.config.WAYPOST_SESSION_LIFE,
    endedAt: null,
    endedBy: null,
    createdAt: tx.now,
  };
  const isKnown = knownDevice(ctx, user.id, way.deviceToken) !== null;
  if (!isKnown && method !== "setup") await queueNewSignIn(tx, ctx, user);
  await tx.insert(sessions).values(session);
  if (refreshToken !== null)
    await tx
      .insert(refreshTokens)
      .values({ hash: hashOf(refreshToken), sessionId: session.id, generation: 1, createdAt: tx.now });
  const { id, userId, platform, device } = session;
  tx.record(sessionStarted, id, { id, userId, method, platform, device }, null);
  const deviceToken = isKnown ? way.deviceToken! : newDeviceToken(ctx, user.id);
  return { session, user, refreshToken, cookie, deviceToken };
}

/** Ends sessions within a change; the caches hear of it before the answer goes out. */
export async function endSessions(
  tx: Change,
  ctx: Context,
  sessions: readonly SessionRow[],
  by: SessionEnd,
): Promise<void> {
  if (sessions.length === 0) return;
  const { sessions: table, refreshTokens } = ctx.db.tables;
  const ids = sessions.map(({ id }) => id);
  await tx
    .update(table)
    .set({ endedAt: tx.now, endedBy: by })
    .where(and(inArray(table.id, ids), isNull(table.endedAt)));
  await tx.delete(refreshTokens).where(inArray(refreshTokens.sessionId, ids));
  for (const { id, userId } of sessions) tx.record(sessionEnded, id, { id, userId, by }, null);
}

/** All sessions of a person but, maybe, the one they use. */
export async function endAllSessions(
  tx: Change,
  ctx: Context,
  userId: Id<"usr">,
  by: SessionEnd,
  except: Id<"ses"> | null = null,
): Promise<void> {
  await endSessions(tx, ctx, await liveSessions(ctx, userId, tx, except), by);
}

export async function listSessions(ctx: Context): Promise<Session[]> {
  const { userId, sessionId } = personOf(ctx);
  return (await liveSessions(ctx, userId)).map((row) => toSession(row, sessionId));
}

/** Ends one session of one's own, wherever it is. */
export const endSession = (ctx: Context, id: string): Promise<Session> =>
  change(ctx, async (tx) => {
    const { userId, sessionId } = personOf(ctx);
    const row = (await liveSessions(ctx, userId, tx)).find((one) => one.id === id);
    if (!row) throw notFound("session");
    await endSessions(tx, ctx, [row], row.id === sessionId ? "signed_out" : "ended_elsewhere");
    return toSession(row, sessionId);
  });

/** Ends every session but this one. Answers how many there were. */
export const endOtherSessions = (ctx: Context): Promise<{ ended: number }> =>
  change(ctx, async (tx) => {
    const { userId, sessionId } = personOf(ctx);
    const rows = await liveSessions(ctx, userId, tx, sessionId);
    if (rows.length === 0) throw new Unchanged({ ended: 0 });
    await endSessions(tx, ctx, rows, "ended_elsewhere");
    return { ended: rows.length };
  });

/** Ends the session the caller uses. */
export async function signOut(ctx: Context): Promise<void> {
  const { sessionId } = personOf(ctx);
  if (sessionId !== null) await endSession(ctx, sessionId).catch(ignoreMissing);
}

/** Two sign-outs at once: the other one did it. */
function ignoreMissing(error: unknown): void {
  if ((error as { code?: string }).code !== "NOT_FOUND") throw error;
}
