import { Type as t } from "@sinclair/typebox";
import { isoOf, isoOrNull, nullable, oneOf, strict, Time } from "../../platform/schema.ts";
import { Email, Password, User } from "../identity/model.ts";
import { RoleWord } from "../members/model.ts";
import { Workspace } from "../workspaces/model.ts";

export const NewInvite = strict({
  email: Email,
  role: t.Optional(RoleWord),
  locale: t.Optional(
    t.String({
      minLength: 2,
      maxLength: 35,
      description: "The language of the letter; the workspace's when left out.",
      examples: ["de"],
    }),
  ),
});
export type NewInvite = typeof NewInvite.static;

export const Invite = t.Object(
  {
    id: t.String({ examples: ["inv_01jd0000000000000000000000"] }),
    workspaceId: t.String(),
    email: t.String(),
    role: t.String(),
    state: oneOf(["pending", "expired", "accepted", "declined", "revoked"]),
    invitedBy: t.String(),
    createdAt: Time,
    sentAt: Time,
    expiresAt: Time,
    endedAt: nullable(Time),
  },
  { $id: "Invite" },
);
export type Invite = typeof Invite.static;

/** An invitation as whoever was invited sees it. */
export const ReceivedInvite = t.Object(
  {
    id: t.String(),
    workspaceName: t.String(),
    email: t.String(),
    role: t.String(),
    roleName: t.String(),
    invitedBy: nullable(t.String({ description: "The address of whoever invited." })),
    expiresAt: Time,
    hasAccount: t.Boolean({ description: "Whether there is an account with this address: sign in with it." }),
  },
  { $id: "ReceivedInvite" },
);
export type ReceivedInvite = typeof ReceivedInvite.static;

const Token = t.String({
  minLength: 20,
  maxLength: 100,
  pattern: "^[0-9A-Za-z]+$",
  description: "a token: what stands behind invite= in the letter's link",
});
const Name = t.String({ minLength: 1, maxLength: 100 });

export const InviteToken = strict({ token: Token });
export const Acceptance = strict(
  {
    token: Token,
    password: t.Optional(Password),
    firstName: t.Optional(nullable(Name)),
    lastName: t.Optional(nullable(Name)),
  },
  "Password and names are for whoever has no account yet: it is made with the address that was invited.",
);
export type Acceptance = typeof Acceptance.static;

export const Accepted = t.Object(
  {
    workspace: Workspace,
    role: t.String(),
    user: nullable(User),
  },
  { $id: "AcceptedInvite" },
);
export type Accepted = typeof Accepted.static;

export interface InviteRow {
  readonly id: `inv_${string}`;
  readonly workspaceId: `ws_${string}`;
  readonly email: string;
  readonly emailKey: string;
  readonly role: string;
  readonly invitedBy: string;
  readonly createdAt: number;
  readonly sentAt: number;
  readonly expiresAt: number;
  readonly endedAt: number | null;
  readonly endedAs: "accepted" | "declined" | "revoked" | null;
}

/** What the world may see of a row, and nothing else: never the token. */
export const toInvite = (row: InviteRow, now: number): Invite => ({
  id: row.id,
  workspaceId: row.workspaceId,
  email: row.email,
  role: row.role,
  state: row.endedAs ?? (row.expiresAt > now ? "pending" : "expired"),
  invitedBy: row.invitedBy,
  createdAt: isoOf(row.createdAt),
  sentAt: isoOf(row.sentAt),
  expiresAt: isoOf(row.expiresAt),
  endedAt: isoOrNull(row.endedAt),
});
