import { and, eq, gt } from "drizzle-orm";
import { AppError } from "../lib/errors.ts";
import { hashOf, sameText } from "../lib/secrets.ts";
import type { Context, Once } from "./context.ts";
import { success } from "./envelope.ts";

export interface Answer<T> {
  readonly status: number;
  readonly message: string;
  /** The answer shows a secret once: it is not kept, and a retry is told so instead. */
  readonly secret?: true;
  /** Headers that hang on what is answered, such as the ETag. */
  headers?(result: T): Record<string, string>;
}

const SHOWN_ONCE = "";

/** Thrown by a verb that has found, inside its change, what it was asked to make: that is then the answer. */
export class AlreadyThere<T> extends Error {
  override readonly name = "AlreadyThere";
  readonly found: T;
  constructor(found: T) {
    super("it is there already");
    this.found = found;
  }
}

/**
 * Runs a POST's verb once for each Idempotency-Key of a caller. A retry gets the first answer, byte for byte;
 * while the first still runs it gets 409; with other parameters 422. Refusals are not kept, so a mended request
 * may use the key again. `verb` answers what its first `change` returned: that is stored with the effect itself.
 *
 * @param input what tells two requests apart beside their address; passwords are left out, for it is kept hashed only
 * @param existing asked before the verb: what is there already is the answer, and nothing is made
 */
export async function once<T>(
  ctx: Context,
  answer: Answer<T>,
  input: unknown,
  verb: (ctx: Context) => Promise<T>,
  existing?: { readonly message: string; find(ctx: Context): Promise<T | null> },
): Promise<Response> {
  if (ctx.idempotencyKey === null) return run(ctx, answer, verb, existing);
  const id = hashOf(`${ctx.actor.workspaceId}\n${ctx.actor.id}\n${ctx.idempotencyKey}`);
  const requestHash = hashOf(`${ctx.target}\n${JSON.stringify(input)}`);
  if (ctx.running.has(id))
    throw new AppError(
      "CONFLICT",
      "The first request with this Idempotency-Key is still running. Ask again soon.",
    );
  ctx.running.add(id);
  try {
    const kept = await replay(ctx, id, requestHash, answer);
    if (kept) return kept;
    const render = (result: unknown) => (answer.secret ? SHOWN_ONCE : written(ctx, answer, result));
    const state: Once = { id, requestHash, status: answer.status, render, stored: null };
    const response = await run({ ...ctx, once: state }, answer, verb, existing);
    await keepUnlessStored(ctx, state, response, answer.secret === true);
    return response;
  } catch (error) {
    // Another process may have been first, whatever we stumbled over because of it: its answer is the answer.
    const other = await replay(ctx, id, requestHash, answer).catch(() => null);
    if (other) return other;
    throw error;
  } finally {
    ctx.running.delete(id);
  }
}

async function run<T>(
  ctx: Context,
  answer: Answer<T>,
  verb: (ctx: Context) => Promise<T>,
  existing: { readonly message: string; find(ctx: Context): Promise<T | null> } | undefined,
): Promise<Response> {
  const there = (found: T): Response => {
    const told = { status: 200, message: existing?.message ?? answer.message };
    return json(200, written(ctx, told, found), answer.headers?.(found));
  };
  const found = await existing?.find(ctx);
  if (existing && found) return there(found);
  try {
    const result = await verb(ctx);
    return json(answer.status, written(ctx, answer, result), answer.headers?.(result));
  } catch (error) {
    if (error instanceof AlreadyThere) return there(error.found as T);
    throw error;
  }
}

const written = (
  ctx: Context,
  { status, message }: { status: number; message: string },
  result: unknown,
): string =>
  JSON.stringify(success({ at: ctx.at, requestId: ctx.origin.requestId ?? "" }, status, message, result));

async function replay<T>(
  ctx: Context,
  id: string,
  requestHash: string,
  answer: Answer<T>,
): Promise<Response | null> {
  const { idempotency } = ctx.db.tables;
  const fresh = and(eq(idempotency.id, id), gt(idempotency.expiresAt, ctx.clock.now()));
  const [row] = await ctx.db.read.select().from(idempotency).where(fresh).limit(1);
  if (!row) return null;
  if (!sameText(row.requestHash, requestHash))
    throw new AppError(
      "IDEMPOTENCY_MISMATCH",
      "This Idempotency-Key was used with other parameters. Take a new one.",
    );
  if (row.body === SHOWN_ONCE)
    throw new AppError(
      "CONFLICT",
      "This was done already, and its secret was shown then. Revoke it and make another.",
    );
  const { data } = JSON.parse(row.body) as { data: T };
  return json(row.status, row.body, { ...answer.headers?.(data), "idempotent-replayed": "true" });
}

/** For verbs that changed nothing, or answer more than their change returned. */
async function keepUnlessStored(
  ctx: Context,
  state: Once,
  response: Response,
  secret: boolean,
): Promise<void> {
  const body = secret ? SHOWN_ONCE : await response.clone().text();
  if (body === state.stored) return;
  const { idempotency } = ctx.db.tables;
  await ctx.db.transaction(async (tx) => {
    const row = {
      requestHash: state.requestHash,
      status: response.status,
      body,
      createdAt: tx.now,
      expiresAt: tx.now + ctx.config.WAYPOST_IDEMPOTENCY_KEEP,
    };
    await tx
      .insert(idempotency)
      .values({ id: state.id, ...row })
      .onConflictDoUpdate({ target: idempotency.id, set: row });
  });
}

const json = (status: number, body: string, headers: Record<string, string> = {}): Response =>
  new Response(body, { status, headers: { "content-type": "application/json", ...headers } });
