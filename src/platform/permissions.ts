/** Every permission there is. API, OpenAPI and keys speak these words; `test/platform/permissions.test.ts` holds them together. */
export const permissions = [
  "links:read",
  "links:create",
  "links:update",
  "links:delete",
  "domains:read",
  "domains:create",
  "domains:update",
  "domains:delete",
  "analytics:read",
  "keys:read",
  "keys:create",
  "keys:delete",
  "workspace:read",
  "workspace:update",
  "mail:read",
  "installation:read",
  "installation:update",
  "account:read",
  "account:update",
] as const;
export type Permission = (typeof permissions)[number];

const viewer = ["links:read", "domains:read", "analytics:read", "workspace:read"] as const;
const editor = [...viewer, "links:create", "links:update", "links:delete"] as const;
const admin = [
  ...editor,
  "domains:create",
  "domains:update",
  "domains:delete",
  "keys:read",
  "keys:create",
  "keys:delete",
  "mail:read",
  "workspace:update",
] as const;

/** What each role of a workspace may do. An owner differs from an admin by what may be done to owners. */
export const roles = { viewer, editor, admin, owner: admin } as const satisfies Record<
  string,
  readonly Permission[]
>;
export type Role = keyof typeof roles;

/** What the operator of the installation may do; no workspace role implies it. */
export const operatorPermissions = [
  "mail:read",
  "installation:read",
  "installation:update",
] as const satisfies readonly Permission[];

/** What everybody who is signed in may do with their own account. In no role, so that no key ever has it. */
export const personPermissions = ["account:read", "account:update"] as const satisfies readonly Permission[];

export const isPermission = (text: string): text is Permission => permissions.some((one) => one === text);
