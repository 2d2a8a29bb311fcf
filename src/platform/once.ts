import { and, eq, gt } from "drizzle-orm";
import { uniqueViolation } from "../db/errors.ts";
import { AppError } from "../lib/errors.ts";
import { hashOf } from "../lib/secrets.ts";
import type { Context, Once } from "./context.ts";
import { success } from "./envelope.ts";

export interface Answer {
  readonly status: number;
  readonly message: string;
  /** The answer shows a secret once: it is not kept, and a retry is told so instead. */
  readonly secret?: true;
}

const SHOWN_ONCE = "";

/**
 * Runs a POST's verb once for each Idempotency-Key of a caller. A retry gets the first answer, byte for byte;
 * while the first still runs it gets 409; with other parameters 422. Refusals are not kept, so a mended request
 * may use the key again. `verb` answers what its first `change` returned: that is stored with the effect itself.
 */
export async function once<T>(
  ctx: Context,
  answer: Answer,
  input: unknown,
  verb: (ctx: Context) => Promise<T>,
): Promise<Response> {
  const write = (result: unknown) =>
    JSON.stringify(
      success({ at: ctx.at, requestId: ctx.origin.requestId ?? "" }, answer.status, answer.message, result),
    );
  if (ctx.idempotencyKey === null) return json(answer.status, write(await verb(ctx)));

  const id = hashOf(`${ctx.actor.workspaceId}\n${ctx.actor.id}\n${ctx.idempotencyKey}`);
  const requestHash = hashOf(`${answer.message}\n${JSON.stringify(input)}`);
  if (ctx.running.has(id))
    throw new AppError(
      "CONFLICT",
      "The first request with this Idempotency-Key is still running. Ask again soon.",
    );
  ctx.running.add(id);
  try {
    const stored = await replay(ctx, id, requestHash);
    if (stored) return stored;
    const render = answer.secret ? () => SHOWN_ONCE : write;
    const state: Once = { id, requestHash, status: answer.status, render, stored: null };
    const result = await verb({ ...ctx, once: state });
    const body = write(result);
    if (render(result) !== state.stored) await keep(ctx, state, render(result));
    return json(answer.status, body);
  } catch (error) {
    // Another process was first: its answer is the answer.
    const other = uniqueViolation(error) === "idempotency_pkey" ? await replay(ctx, id, requestHash) : null;
    if (other) return other;
    throw error;
  } finally {
    ctx.running.delete(id);
  }
}

async function replay(ctx: Context, id: string, requestHash: string): Promise<Response | null> {
  const { idempotency } = ctx.db.tables;
  const fresh = and(eq(idempotency.id, id), gt(idempotency.expiresAt, ctx.clock.now()));
  const [row] = await ctx.db.read.select().from(idempotency).where(fresh).limit(1);
  if (!row) return null;
  if (row.requestHash !== requestHash)
    throw new AppError(
      "IDEMPOTENCY_MISMATCH",
      "This Idempotency-Key was used with other parameters. Take a new one.",
    );
  if (row.body === SHOWN_ONCE)
    throw new AppError(
      "CONFLICT",
      "This was done already, and its secret was shown then. Revoke it and make another.",
    );
  return json(row.status, row.body, { "idempotent-replayed": "true" });
}

/** For verbs that changed nothing, or answer more than their change returned. */
async function keep(ctx: Context, { id, requestHash, status }: Once, body: string): Promise<void> {
  const { idempotency } = ctx.db.tables;
  await ctx.db.transaction(async (tx) => {
    const row = {
      requestHash,
      status,
      body,
      createdAt: tx.now,
      expiresAt: tx.now + ctx.config.WAYPOST_IDEMPOTENCY_KEEP,
    };
    await tx
      .insert(idempotency)
      .values({ id, ...row })
      .onConflictDoUpdate({ target: idempotency.id, set: row });
  });
}

const json = (status: number, body: string, headers: Record<string, string> = {}): Response =>
  new Response(body, { status, headers: { "content-type": "application/json", ...headers } });
