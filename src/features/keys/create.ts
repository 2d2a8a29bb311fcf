import { AppError, invalid } from "../../lib/errors.ts";
import { type Id, newId } from "../../lib/ids.ts";
import { hashOf, newApiKey } from "../../lib/secrets.ts";
import type { Context } from "../../platform/context.ts";
import { type Change, change } from "../../platform/events.ts";
import { operatorPermissions, type Permission, roles } from "../../platform/permissions.ts";
import { momentOf } from "../../platform/schema.ts";
import { keyCreated } from "./events.ts";
import { type KeyWithSecret, type NewKey, type NewOperatorKey, toKey } from "./model.ts";

/** Makes a key for the caller's workspace. No key can make one that may more than itself. */
export function createKey(ctx: Context, input: NewKey): Promise<KeyWithSecret> {
  const granted = input.permissions ?? [...roles[input.role ?? "editor"]];
  const missing = granted.filter((one) => !ctx.actor.permissions.has(one));
  if (missing.length > 0)
    throw new AppError("FORBIDDEN", `A key cannot grant what its maker may not do: ${missing.join(", ")}.`);
  return change(ctx, (tx) =>
    addKey(tx, ctx, { ...input, permissions: granted, workspaceId: ctx.actor.workspaceId }),
  );
}

/** An operator's key: the installation's permissions and no workspace. */
export const createOperatorKey = (ctx: Context, input: NewOperatorKey): Promise<KeyWithSecret> =>
  change(ctx, (tx) => addKey(tx, ctx, { ...input, permissions: operatorPermissions, workspaceId: null }));

export interface KeyToAdd extends Omit<NewKey, "permissions"> {
  readonly permissions: readonly Permission[];
  readonly workspaceId: Id<"ws"> | null;
  /** Whoever asks, when left out. */
  readonly createdBy?: string;
  /** A value of the operator's own; drawn when left out. */
  readonly secret?: string;
}

/** The same inside a change that does more. */
export async function addKey(tx: Change, ctx: Context, input: KeyToAdd): Promise<KeyWithSecret> {
  const environment = input.environment ?? "live";
  const secret = input.secret ?? newApiKey(environment);
  const row = {
    id: newId("key", tx.now),
    workspaceId: input.workspaceId,
    name: input.name.trim(),
    environment,
    hash: hashOf(secret),
    hint: `${input.secret ? "" : secret.slice(0, 14)}…${secret.slice(-4)}`,
    permissions: [...input.permissions],
    createdBy: input.createdBy ?? ctx.actor.id,
    expiresAt: input.expiresAt ? expiryOf(input.expiresAt, tx.now) : null,
    lastUsedAt: null,
    revokedAt: null,
    createdAt: tx.now,
  };
  await tx.insert(ctx.db.tables.keys).values(row);
  const key = toKey(row);
  tx.record(keyCreated, key.id, key, input.workspaceId);
  return { ...key, secret };
}

function expiryOf(text: string, now: number): number {
  const ms = momentOf("/expiresAt", text);
  if (!(ms > now)) throw invalid("/expiresAt", "expiresAt must lie in the future");
  return ms;
}
