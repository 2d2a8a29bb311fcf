import { Type as t } from "@sinclair/typebox";
import { Elysia } from "elysia";
import type { Guard } from "../../platform/http.ts";
import { once } from "../../platform/once.ts";
import { pagingQuery } from "../../platform/paging.ts";
import { ok, page } from "../../platform/reply.ts";
import { envelope, listEnvelope, strict } from "../../platform/schema.ts";
import { inWorkspace } from "../workspaces/sides.ts";
import { changeRole, leaveWorkspace, listMembers, readMember, removeMember } from "./members.ts";
import {
  Member,
  MemberPatch,
  MemberRemoved,
  NewRole,
  NewTransfer,
  Role,
  RolePatch,
  Transfer,
} from "./model.ts";
import { createRole, deleteRole, listRoles, updateRole } from "./roles.ts";
import { acceptTransfer, cancelTransfer, offerTransfer, readTransfer } from "./transfer.ts";

const workspace = t.String({ maxLength: 64, description: "ws_…" });
const WorkspaceParams = t.Object({ workspace });
const MemberParams = t.Object({ workspace, member: t.String({ maxLength: 64, description: "usr_…" }) });
const RoleParams = t.Object({ workspace, role: t.String({ maxLength: 64, description: "role_…" }) });

const memberList = (guard: Guard) =>
  new Elysia({ prefix: "/workspaces/:workspace", tags: ["Members"] })
    .use(guard)
    .get(
      "/members",
      async ({ ctx, params, query }) => {
        const inside = await inWorkspace(ctx, params.workspace);
        return page(inside, "Members", query, "members", (request) => listMembers(inside, request));
      },
      {
        may: "members:read",
        params: WorkspaceParams,
        query: strict(pagingQuery),
        response: { 200: listEnvelope(Member) },
        detail: { operationId: "listMembers", summary: "Who is in the workspace" },
      },
    )
    .get(
      "/members/:member",
      async ({ ctx, params }) =>
        ok(ctx, "Member", await readMember(await inWorkspace(ctx, params.workspace), params.member)),
      {
        may: "members:read",
        params: MemberParams,
        response: { 200: envelope(Member) },
        detail: { operationId: "getMember", summary: "One member" },
      },
    )
    .patch(
      "/members/:member",
      async ({ ctx, params, body }) =>
        ok(
          ctx,
          "Role changed",
          await changeRole(await inWorkspace(ctx, params.workspace), params.member, body.role),
        ),
      {
        may: "members:update",
        params: MemberParams,
        body: MemberPatch,
        response: { 200: envelope(Member) },
        detail: {
          operationId: "updateMember",
          summary: "Give a member another role, of which none is above your own",
        },
      },
    )
    .delete(
      "/members/:member",
      async ({ ctx, params }) =>
        ok(
          ctx,
          "Member removed",
          await removeMember(await inWorkspace(ctx, params.workspace), params.member),
        ),
      {
        may: "members:delete",
        params: MemberParams,
        response: { 200: envelope(MemberRemoved) },
        detail: { operationId: "removeMember", summary: "Take a member out of the workspace" },
      },
    )
    .post(
      "/leave",
      async ({ ctx, params }) => {
        const inside = await inWorkspace(ctx, params.workspace);
        return once(inside, { status: 200, message: "You have left the workspace" }, params, leaveWorkspace);
      },
      {
        may: "memberships:delete",
        params: WorkspaceParams,
        response: { 200: envelope(Member) },
        detail: { operationId: "leaveWorkspace", summary: "Go out of a workspace; its last owner cannot" },
      },
    );

const roleList = (guard: Guard) =>
  new Elysia({ prefix: "/workspaces/:workspace", tags: ["Members"] })
    .use(guard)
    .get(
      "/roles",
      async ({ ctx, params }) => ok(ctx, "Roles", await listRoles(await inWorkspace(ctx, params.workspace))),
      {
        may: "members:read",
        params: WorkspaceParams,
        response: { 200: envelope(t.Array(Role)) },
        detail: { operationId: "listRoles", summary: "Roles, and what they grant" },
      },
    )
    .post(
      "/roles",
      async ({ ctx, params, body }) => {
        const inside = await inWorkspace(ctx, params.workspace);
        return once(inside, { status: 201, message: "Role created" }, body, (c) => createRole(c, body));
      },
      {
        may: "members:update",
        params: WorkspaceParams,
        body: NewRole,
        response: { 201: envelope(Role) },
        detail: {
          operationId: "createRole",
          summary: "Make a role out of permissions that you have yourself",
        },
      },
    )
    .patch(
      "/roles/:role",
      async ({ ctx, params, body }) =>
        ok(
          ctx,
          "Role updated",
          await updateRole(await inWorkspace(ctx, params.workspace), params.role, body),
        ),
      {
        may: "members:update",
        params: RoleParams,
        body: RolePatch,
        response: { 200: envelope(Role) },
        detail: { operationId: "updateRole", summary: "Change a role, at once for all who have it" },
      },
    )
    .delete(
      "/roles/:role",
      async ({ ctx, params }) =>
        ok(ctx, "Role deleted", await deleteRole(await inWorkspace(ctx, params.workspace), params.role)),
      {
        may: "members:update",
        params: RoleParams,
        response: { 200: envelope(Role) },
        detail: { operationId: "deleteRole", summary: "Delete a role that nobody has" },
      },
    );

const ownership = (guard: Guard) =>
  new Elysia({ prefix: "/workspaces/:workspace/transfer", tags: ["Members"] })
    .use(guard)
    .get(
      "",
      async ({ ctx, params }) =>
        ok(ctx, "Transfer", await readTransfer(await inWorkspace(ctx, params.workspace))),
      {
        may: "memberships:read",
        params: WorkspaceParams,
        response: { 200: envelope(Transfer) },
        detail: {
          operationId: "getTransfer",
          summary: "The offer of ownership, if it is yours to take or to end",
        },
      },
    )
    .post(
      "",
      async ({ ctx, params, body }) => {
        const inside = await inWorkspace(ctx, params.workspace);
        return once(inside, { status: 201, message: "Ownership offered" }, body, (c) =>
          offerTransfer(c, body.userId),
        );
      },
      {
        may: "workspace:transfer",
        params: WorkspaceParams,
        body: NewTransfer,
        response: { 201: envelope(Transfer) },
        detail: { operationId: "offerTransfer", summary: "Offer a member the workspace" },
      },
    )
    .post(
      "/accept",
      async ({ ctx, params }) => {
        const inside = await inWorkspace(ctx, params.workspace);
        return once(inside, { status: 200, message: "The workspace is yours" }, params, acceptTransfer);
      },
      {
        may: "memberships:create",
        params: WorkspaceParams,
        response: { 200: envelope(Transfer) },
        detail: {
          operationId: "acceptTransfer",
          summary: "Own the workspace; whoever offered it becomes an admin",
        },
      },
    )
    .delete(
      "",
      async ({ ctx, params }) =>
        ok(ctx, "Offer ended", await cancelTransfer(await inWorkspace(ctx, params.workspace))),
      {
        may: "memberships:delete",
        params: WorkspaceParams,
        response: { 200: envelope(Transfer) },
        detail: { operationId: "cancelTransfer", summary: "Decline the offer, or take it back" },
      },
    );

export const memberRoutes = (guard: Guard) =>
  new Elysia().use(memberList(guard)).use(roleList(guard)).use(ownership(guard));
