import { and, isNull } from "drizzle-orm";
import { type Id, newId } from "../../lib/ids.ts";
import { newPersonalToken } from "../../lib/secrets.ts";
import { freshPersonOf, personOf } from "../../platform/callers.ts";
import type { Context } from "../../platform/context.ts";
import { type Change, change, withPrevious } from "../../platform/events.ts";
import type { Page, PageRequest } from "../../platform/paging.ts";
import { isGuarded, type Permission, permissions, personPermissions } from "../../platform/permissions.ts";
import { plainName } from "../../platform/schema.ts";
import { noticeToCaller } from "../identity/notices.ts";
import { secretOf, unused } from "./create.ts";
import { tokenCreated, tokenRevoked, tokenRotated } from "./events.ts";
import { expiryOf, networksOf } from "./grant.ts";
import { endKey, pageOf } from "./keys.ts";
import {
  type KeyRotation,
  type KeyRow,
  type NewToken,
  type Token,
  type TokenWithSecret,
  toToken,
} from "./model.ts";
import { turnOver } from "./rotate.ts";
import { refuseTooMany, selectKey, selectKeys, tokensOf } from "./store.ts";

/**
 * A token that acts as the person, in every workspace of theirs, with their rights of the moment and within its
 * scopes. No token makes one: it is no fresh proof.
 */
export const createToken = (ctx: Context, input: NewToken): Promise<TokenWithSecret> =>
  change(ctx, async (tx) => {
    const { userId } = freshPersonOf(ctx);
    await refuseTooMany(tx, ctx, tokensOf(ctx, userId));
    const secret = newPersonalToken();
    const row: KeyRow = {
      id: newId("key", tx.now),
      kind: "personal",
      workspaceId: null,
      userId,
      name: plainName(input.name),
      environment: "live",
      ...secretOf(secret),
      permissions: [...new Set(input.permissions ?? everyday)],
      createdBy: userId,
      makerId: null,
      confirmedBy: userId,
      extensionId: null,
      origins: null,
      networks: networksOf(input.allowedIps, nobody),
      tier: null,
      expiresAt: expiryOf(input.expiresAt, tx.now, nobody),
      ...unused,
      createdAt: tx.now,
      updatedAt: tx.now,
    };
    await tx.insert(ctx.db.tables.keys).values(row);
    const token = toToken(row);
    tx.record(tokenCreated, token.id, token, null);
    await noticeToCaller(tx, ctx, "tokenMade");
    return { ...token, secret };
  });

/** What nobody has chosen otherwise: no keys, no members, and nothing of the installation. */
const everyday: readonly Permission[] = permissions.filter(
  (one) =>
    !isGuarded(one) && !one.startsWith("installation:") && !personPermissions.some((own) => own === one),
);

const nobody = { makerId: null, confirmedBy: null, parent: null };

export async function listTokens(ctx: Context, request: PageRequest): Promise<Page<Token>> {
  const { rows, total } = await selectKeys(ctx, tokensOf(ctx, personOf(ctx).userId), request);
  return pageOf(rows, total, request, toToken);
}

export async function readToken(ctx: Context, id: string): Promise<Token> {
  return toToken(await selectKey(ctx.db.read, ctx, tokensOf(ctx, personOf(ctx).userId), id));
}

export const rotateToken = (ctx: Context, id: string, input: KeyRotation): Promise<TokenWithSecret> =>
  change(ctx, async (tx) => {
    const before = await selectKey(tx, ctx, tokensOf(ctx, freshPersonOf(ctx).userId), id);
    const { row, secret } = await turnOver(tx, ctx, before, input);
    const token = toToken(row);
    tx.record(tokenRotated, token.id, withPrevious(toToken(before), token), null);
    await noticeToCaller(tx, ctx, "tokenMade");
    return { ...token, secret };
  });

/** All that a person has, within a change that shuts others out of their account. */
export async function revokeTokensOf(tx: Change, ctx: Context, userId: Id<"usr">): Promise<void> {
  const { keys } = ctx.db.tables;
  const rows = await tx
    .select()
    .from(keys)
    .where(and(tokensOf(ctx, userId), isNull(keys.revokedAt)));
  for (const row of rows) {
    const token = toToken(await endKey(tx, ctx, row));
    tx.record(tokenRevoked, token.id, withPrevious(toToken(row), token), null);
  }
}

export const revokeToken = (ctx: Context, id: string): Promise<Token> =>
  change(ctx, async (tx) => {
    const row = await selectKey(tx, ctx, tokensOf(ctx, personOf(ctx).userId), id);
    const token = toToken(await endKey(tx, ctx, row));
    tx.record(tokenRevoked, token.id, withPrevious(toToken(row), token), null);
    return token;
  });
