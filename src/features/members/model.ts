import { Type as t } from "@sinclair/typebox";
import type { RoleName } from "../../db/schema/workspaces.ts";
import { ownersOnly, permissions, personPermissions } from "../../platform/permissions.ts";
import { isoOf, nameText, nullable, oneOf, strict, Time } from "../../platform/schema.ts";

/** owner, admin, editor, viewer, or the id of a role of the workspace's own. */
export const RoleWord = t.String({
  maxLength: 40,
  pattern: "^(owner|admin|editor|viewer|role_[0-9a-z]{26})$",
  description: "owner, admin, editor, viewer, or the id of a role of the workspace",
  examples: ["editor"],
});

const given = permissions.filter(
  (one) =>
    !one.startsWith("installation:") && ![...ownersOnly, ...personPermissions].some((no) => no === one),
);
const Permissions = t.Array(oneOf(given), {
  minItems: 1,
  maxItems: given.length,
  uniqueItems: true,
  description: "What it grants. Deleting and handing over the workspace is for owners alone.",
});
const RoleTitle = nameText(60);

export const NewRole = strict({ name: RoleTitle, permissions: Permissions });
export type NewRole = typeof NewRole.static;
export const RolePatch = strict({ name: t.Optional(RoleTitle), permissions: t.Optional(Permissions) });
export type RolePatch = typeof RolePatch.static;

export const Role = t.Object(
  {
    id: t.String({ description: "As `role` names it.", examples: ["role_01jd0000000000000000000000"] }),
    name: t.String(),
    isBuiltIn: t.Boolean(),
    permissions: t.Array(t.String()),
    members: t.Integer(),
    createdAt: nullable(Time),
    updatedAt: nullable(Time),
  },
  { $id: "Role" },
);
export type Role = typeof Role.static;

export const Member = t.Object(
  {
    userId: t.String(),
    email: t.String(),
    firstName: nullable(t.String()),
    lastName: nullable(t.String()),
    role: t.String(),
    roleName: t.String(),
    joinedAt: Time,
  },
  { $id: "Member" },
);
export type Member = typeof Member.static;

export const MemberRemoved = t.Object(
  {
    ...Member.properties,
    endedKeys: nullable(
      t.Array(t.Object({ id: t.String(), name: t.String() }), {
        description: "Keys they made, which open nothing now; null for whoever may not read keys.",
      }),
    ),
  },
  { $id: "MemberRemoved" },
);
export type MemberRemoved = typeof MemberRemoved.static;

export const MemberPatch = strict({ role: RoleWord });

export const NewTransfer = strict({
  userId: t.String({ maxLength: 40, description: "A member: who shall own the workspace." }),
});

export const Transfer = t.Object(
  { workspaceId: t.String(), fromUserId: t.String(), toUserId: t.String(), createdAt: Time, expiresAt: Time },
  { $id: "Transfer" },
);
export type Transfer = typeof Transfer.static;

export interface MemberRow {
  readonly userId: `usr_${string}`;
  readonly role: RoleName;
  /** Name and rights of a role of the workspace's own. */
  readonly ownName: string | null;
  readonly granted: string[] | null;
  readonly email: string;
  /** As the profile says; null when it says nothing. */
  readonly locale: string | null;
  readonly timeZone: string | null;
  readonly firstName: string | null;
  readonly lastName: string | null;
  readonly createdAt: number;
}

/** What the world may see of a row, and nothing else. */
export const toMember = (row: MemberRow): Member => ({
  userId: row.userId,
  email: row.email,
  firstName: row.firstName,
  lastName: row.lastName,
  role: row.role,
  roleName: row.ownName ?? row.role,
  joinedAt: isoOf(row.createdAt),
});
