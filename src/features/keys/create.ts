import { AppError, invalid } from "../../lib/errors.ts";
import { type Id, newId } from "../../lib/ids.ts";
import { hashOf, type KeyLetters, newApiKey } from "../../lib/secrets.ts";
import type { Context } from "../../platform/context.ts";
import { type Change, change } from "../../platform/events.ts";
import { isGuarded, operatorPermissions, type Permission, roles } from "../../platform/permissions.ts";
import { plainName } from "../../platform/schema.ts";
import { noticeToCaller } from "../identity/notices.ts";
import { checkTier } from "../tiers/find.ts";
import { keySide } from "./environment.ts";
import { keyCreated } from "./events.ts";
import { checkScopes, expiryOf, type Giver, giverOf, networksOf, OPERATOR } from "./grant.ts";
import { type KeyRow, type KeyWithSecret, type NewKey, type NewOperatorKey, toKey } from "./model.ts";
import { originsOf } from "./origins.ts";
import { homeOf, operatorKeys, ownKey, refuseTooMany, selectExtensionId, workspaceKeys } from "./store.ts";

/** Makes a key for the caller's workspace. Nobody makes one that may more than they may. */
export const createKey = (ctx: Context, input: NewKey): Promise<KeyWithSecret> =>
  change(ctx, async (tx) => {
    const giver = giverOf(ctx, await ownKey(tx, ctx));
    const kind = input.kind ?? "secret";
    await refuseTooMany(tx, ctx, workspaceKeys(ctx, tx));
    return addKey(tx, ctx, {
      ...(await limitsOf(tx, ctx, input, giver)),
      ...giver,
      ...(await keySide(tx, ctx, input.environment)),
      kind,
      name: input.name,
      permissions: scopesOf(ctx, giver, input),
      origins: kind === "publishable" ? publishableOrigins(input) : noOrigins(input),
      extensionId: await extensionOf(tx, ctx, input),
    });
  });

/** An operator's key: the installation's permissions and no workspace. */
export const createOperatorKey = (ctx: Context, input: NewOperatorKey): Promise<KeyWithSecret> =>
  change(ctx, async (tx) => {
    const giver = giverOf(ctx, await ownKey(tx, ctx));
    checkScopes(ctx, giver, operatorPermissions);
    await refuseTooMany(tx, ctx, operatorKeys(ctx, tx));
    return addKey(tx, ctx, {
      ...(await limitsOf(tx, ctx, input, giver)),
      ...giver,
      name: input.name,
      environment: input.environment ?? "live",
      permissions: operatorPermissions,
      workspaceId: null,
    });
  });

export interface KeyToAdd
  extends Partial<Pick<KeyRow, "kind" | "expiresAt" | "networks" | "origins" | "extensionId" | "tier">> {
  readonly name: string;
  readonly permissions: readonly Permission[];
  readonly workspaceId: Id<"ws"> | null;
  readonly environment?: KeyRow["environment"];
  /** Whose rights bound it; null, or left out, for what the operator gives. */
  readonly makerId?: Id<"usr"> | null;
  /** The operator when left out. */
  readonly confirmedBy?: string | null;
  /** Whoever asks, when left out. */
  readonly createdBy?: string;
  /** A value of the operator's own; drawn when left out. */
  readonly secret?: string;
}

const LETTERS = { secret: "sk", publishable: "pk", extension: "ek" } as const satisfies Record<
  string,
  KeyLetters
>;

/** The row and its event, inside a change that does more. Who may is settled before. */
export async function addKey(tx: Change, ctx: Context, input: KeyToAdd): Promise<KeyWithSecret> {
  const { kind = "secret", environment = "live", confirmedBy = OPERATOR } = input;
  if (kind === "personal") throw new Error("personal tokens are made by personal-tokens.ts");
  const secret = input.secret ?? newApiKey(environment, LETTERS[kind]);
  const permissions = [...input.permissions];
  const row: KeyRow = {
    id: newId("key", tx.now),
    kind,
    workspaceId: input.workspaceId,
    userId: null,
    name: plainName(input.name),
    environment,
    ...secretOf(secret, input.secret !== undefined),
    permissions,
    createdBy: input.createdBy ?? ctx.actor.id,
    makerId: input.makerId ?? null,
    confirmedBy: permissions.some(isGuarded) ? confirmedBy : null,
    extensionId: input.extensionId ?? null,
    origins: input.origins ?? null,
    networks: input.networks ?? null,
    tier: input.tier ?? null,
    expiresAt: input.expiresAt ?? null,
    ...unused,
    createdAt: tx.now,
    updatedAt: tx.now,
  };
  await tx.insert(ctx.db.tables.keys).values(row);
  const key = toKey(row);
  tx.record(keyCreated, key.id, key, homeOf(ctx, row));
  await noticeToCaller(tx, ctx, "keyMade");
  return { ...key, secret };
}

/** How a secret is kept. One that the operator has chosen shows less of itself. */
export const secretOf = (secret: string, chosen = false): Pick<KeyRow, "hash" | "hint"> => ({
  hash: hashOf(secret),
  hint: `${chosen ? "" : secret.slice(0, secret.lastIndexOf("_") + 3)}…${secret.slice(-4)}`,
});

/** A key on its first day. */
export const unused = {
  previousHash: null,
  previousUntil: null,
  rotatedAt: null,
  lastUsedAt: null,
  lastUsedCountry: null,
  revokedAt: null,
} as const;

/** How long, from where and how often; what the giver has when nothing is said. */
async function limitsOf(tx: Change, ctx: Context, input: NewOperatorKey, giver: Giver) {
  const tier = input.tier === undefined ? (giver.parent?.tier ?? null) : input.tier;
  await checkTier(tx, ctx, tier, giver.parent?.tier);
  return {
    tier,
    expiresAt: expiryOf(input.expiresAt, tx.now, giver),
    networks: networksOf(input.allowedIps, giver),
  };
}

/** A role gives a key what it may have: guarded scopes only when the giver can give them. */
function scopesOf(ctx: Context, giver: Giver, { kind, role, permissions }: NewKey): Permission[] {
  if (kind === "publishable") {
    if (role || permissions)
      throw invalid(role ? "/role" : "/permissions", "a publishable key may track and nothing else");
    checkScopes(ctx, giver, PUBLISHABLE);
    return [...PUBLISHABLE];
  }
  const mayHave = (one: Permission) => kind !== "extension" || !isGuarded(one);
  const wanted =
    permissions ?? roles[role ?? "editor"].filter((one) => giver.confirmedBy !== null || !isGuarded(one));
  if (permissions && !permissions.every(mayHave))
    throw invalid("/permissions", "an extension manages neither keys nor members");
  const granted = [...new Set(wanted)].filter(mayHave);
  checkScopes(ctx, giver, granted);
  return granted;
}

const PUBLISHABLE = ["track:create"] as const satisfies readonly Permission[];

function publishableOrigins({ origins }: NewKey): string[] {
  if (!origins) throw invalid("/origins", "a publishable key needs origins: the pages that may show it");
  return originsOf(origins);
}

function noOrigins({ origins }: NewKey): null {
  if (origins) throw invalid("/origins", "only publishable keys have origins");
  return null;
}

async function extensionOf(
  tx: Change,
  ctx: Context,
  { kind, extension }: NewKey,
): Promise<Id<"extn"> | null> {
  if (kind !== "extension") {
    if (extension !== undefined) throw invalid("/extension", "only a key of the kind extension names one");
    return null;
  }
  const id = extension === undefined ? null : await selectExtensionId(tx, ctx, extension);
  if (id === null)
    throw invalid("/extension", "extension is not one of this workspace: register it with POST /extensions");
  return id;
}

export const revokedAlready = () => new AppError("CONFLICT", "The key was revoked: make another.");
