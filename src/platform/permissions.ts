/** Every permission there is. API, OpenAPI and keys speak these words; `test/platform/permissions.test.ts` holds them together. */
export const permissions = [
  "links:read",
  "links:create",
  "links:update",
  "links:delete",
  "rules:read",
  "rules:create",
  "rules:update",
  "rules:delete",
  "tags:read",
  "tags:create",
  "tags:update",
  "tags:delete",
  "folders:read",
  "folders:create",
  "folders:update",
  "folders:delete",
  "campaigns:read",
  "campaigns:create",
  "campaigns:update",
  "campaigns:delete",
  "domains:read",
  "domains:create",
  "domains:update",
  "domains:delete",
  "analytics:read",
  "keys:read",
  "keys:create",
  "keys:update",
  "keys:delete",
  "jobs:read",
  "jobs:update",
  "members:read",
  "members:create",
  "members:update",
  "members:delete",
  "extensions:read",
  "extensions:create",
  "extensions:update",
  "extensions:delete",
  "tiers:read",
  "tokens:read",
  "tokens:create",
  "tokens:update",
  "tokens:delete",
  "track:create",
  "workspace:read",
  "workspace:update",
  "workspace:delete",
  "workspace:transfer",
  "mail:read",
  "audit:read",
  "memberships:read",
  "memberships:create",
  "memberships:delete",
  "installation:read",
  "installation:update",
  "account:read",
  "account:update",
] as const;
export type Permission = (typeof permissions)[number];

const viewer = [
  "links:read",
  "rules:read",
  "tags:read",
  "folders:read",
  "campaigns:read",
  "domains:read",
  "analytics:read",
  "jobs:read",
  "members:read",
  "workspace:read",
] as const;
const editor = [
  ...viewer,
  "links:create",
  "links:update",
  "links:delete",
  "rules:create",
  "rules:update",
  "rules:delete",
  "tags:create",
  "tags:update",
  "tags:delete",
  "folders:create",
  "folders:update",
  "folders:delete",
  "campaigns:create",
  "campaigns:update",
  "campaigns:delete",
  "jobs:update",
  "track:create",
] as const;
const admin = [
  ...editor,
  "domains:create",
  "domains:update",
  "domains:delete",
  "keys:read",
  "keys:create",
  "keys:update",
  "keys:delete",
  "members:create",
  "members:update",
  "members:delete",
  "extensions:read",
  "extensions:create",
  "extensions:update",
  "extensions:delete",
  "tiers:read",
  "mail:read",
  "audit:read",
  "workspace:update",
] as const;

/** What an owner may do and nobody else: no role that a workspace makes itself holds it. */
export const ownersOnly = ["workspace:delete", "workspace:transfer"] as const satisfies readonly Permission[];
const owner = [...admin, ...ownersOnly] as const;

/** What each role of a workspace may do. */
export const roles = { viewer, editor, admin, owner } as const satisfies Record<
  string,
  readonly Permission[]
>;
export type Role = keyof typeof roles;

/** What the operator of the installation may do; no workspace role implies it. */
export const operatorPermissions = [
  "jobs:read",
  "jobs:update",
  "mail:read",
  "audit:read",
  "tiers:read",
  "installation:read",
  "installation:update",
] as const satisfies readonly Permission[];

/** What everybody who is signed in may do with what is their own, in any workspace and in none. In no role. */
export const personPermissions = [
  "account:read",
  "account:update",
  "memberships:read",
  "memberships:create",
  "memberships:delete",
  "tokens:read",
  "tokens:create",
  "tokens:update",
  "tokens:delete",
] as const satisfies readonly Permission[];

/**
 * Scopes that open the doors through which others come in: a key has them only if a person with a fresh proof, or the
 * operator, gave it them. A key without them is refused by the routes that ask for them.
 */
export const isGuarded = (permission: Permission): boolean =>
  /^(keys|members|invites):|^workspace:(delete|transfer)$/.test(permission);

export const isPermission = (text: string): text is Permission => permissions.some((one) => one === text);
