import { Type as t } from "@sinclair/typebox";
import { Elysia } from "elysia";
import type { Guard } from "../../platform/http.ts";
import { once } from "../../platform/once.ts";
import { pagingQuery } from "../../platform/paging.ts";
import { ok, page } from "../../platform/reply.ts";
import { envelope, listEnvelope, strict } from "../../platform/schema.ts";
import { createWorkspace } from "./add.ts";
import { listMyWorkspaces } from "./list-mine.ts";
import { MyWorkspace, NewWorkspace, Typed, Usage, Workspace, WorkspacePatch } from "./model.ts";
import { deleteWorkspace, restoreWorkspace } from "./remove.ts";
import { inWorkspace } from "./sides.ts";
import { readUsage } from "./usage.ts";
import { listWorkspaces, readWorkspace, updateWorkspace } from "./workspaces.ts";

const WorkspaceParams = t.Object({ workspace: t.String({ maxLength: 64, description: "ws_…" }) });
const mineQuery = {
  slug: t.Optional(t.String({ maxLength: 48 })),
  deleted: t.Optional(
    t.Boolean({ description: "Instead: those that you own, have deleted, and can still restore." }),
  ),
};

const allQuery = {
  named: t.Optional(t.String({ maxLength: 100, description: "Only with this id, slug or name." })),
  personal: t.Optional(t.Boolean()),
};

export const workspaceRoutes = (guard: Guard) =>
  new Elysia({ tags: ["Workspaces"] })
    .use(guard)
    .get("/workspace", async ({ ctx }) => ok(ctx, "Workspace", await readWorkspace(ctx)), {
      may: "workspace:read",
      response: { 200: envelope(Workspace) },
      detail: { operationId: "getOwnWorkspace", summary: "The workspace of the key" },
    })
    .patch(
      "/workspace",
      async ({ ctx, body }) => ok(ctx, "Workspace updated", await updateWorkspace(ctx, body)),
      {
        may: "workspace:update",
        body: WorkspacePatch,
        response: { 200: envelope(Workspace) },
        detail: { operationId: "updateOwnWorkspace", summary: "Change the workspace of the key" },
      },
    )
    .get(
      "/workspaces",
      ({ ctx, query: { slug, deleted, ...paging } }) =>
        page(ctx, "Workspaces", paging, `workspaces ${ctx.actor.id} ${slug} ${deleted}`, (request) =>
          listMyWorkspaces(
            ctx,
            { ...(slug === undefined ? {} : { slug }), ...(deleted === undefined ? {} : { deleted }) },
            request,
          ),
        ),
      {
        may: "memberships:read",
        query: strict({ ...mineQuery, ...pagingQuery }),
        response: { 200: listEnvelope(MyWorkspace) },
        detail: {
          operationId: "listMyWorkspaces",
          summary: "Your workspaces, and what you may do in them, oldest first",
        },
      },
    )
    .post(
      "/workspaces",
      ({ ctx, body }) =>
        once(ctx, { status: 201, message: "Workspace created" }, body, (c) => createWorkspace(c, body)),
      {
        may: "memberships:create",
        body: NewWorkspace,
        response: { 201: envelope(Workspace) },
        detail: { operationId: "createWorkspace", summary: "Make a workspace, and own it" },
      },
    )
    .get(
      "/workspaces/:workspace",
      async ({ ctx, params }) =>
        ok(ctx, "Workspace", await readWorkspace(await inWorkspace(ctx, params.workspace))),
      {
        may: "workspace:read",
        params: WorkspaceParams,
        response: { 200: envelope(Workspace) },
        detail: { operationId: "getWorkspace", summary: "One workspace" },
      },
    )
    .patch(
      "/workspaces/:workspace",
      async ({ ctx, params, body }) =>
        ok(ctx, "Workspace updated", await updateWorkspace(await inWorkspace(ctx, params.workspace), body)),
      {
        may: "workspace:update",
        params: WorkspaceParams,
        body: WorkspacePatch,
        response: { 200: envelope(Workspace) },
        detail: {
          operationId: "updateWorkspace",
          summary: "Change name, slug, branding, time zone or defaults; null clears",
        },
      },
    )
    .delete(
      "/workspaces/:workspace",
      async ({ ctx, params, query }) =>
        ok(
          ctx,
          "Workspace deleted; it can be restored until purgeAt",
          await deleteWorkspace(await inWorkspace(ctx, params.workspace), query.confirm),
        ),
      {
        may: "workspace:delete",
        params: WorkspaceParams,
        query: Typed,
        response: { 200: envelope(Workspace) },
        detail: {
          operationId: "deleteWorkspace",
          summary: "Shut a workspace; after a time of grace it is destroyed with all that is in it",
        },
      },
    )
    .post(
      "/workspaces/:workspace/restore",
      async ({ ctx, params }) => {
        const inside = await inWorkspace(ctx, params.workspace);
        return once(inside, { status: 200, message: "Workspace restored" }, params, restoreWorkspace);
      },
      {
        may: "workspace:delete",
        params: WorkspaceParams,
        response: { 200: envelope(Workspace) },
        detail: { operationId: "restoreWorkspace", summary: "Take back a deletion, within its grace" },
      },
    )
    .get(
      "/workspaces/:workspace/usage",
      async ({ ctx, params }) => ok(ctx, "Usage", await readUsage(await inWorkspace(ctx, params.workspace))),
      {
        may: "workspace:read",
        params: WorkspaceParams,
        response: { 200: envelope(Usage) },
        detail: {
          operationId: "getUsage",
          summary: "What there is in a workspace, and its clicks this month",
        },
      },
    )
    .get(
      "/installation/workspaces",
      ({ ctx, query: { named, personal, ...paging } }) =>
        page(ctx, "Workspaces", paging, `all workspaces ${named} ${personal}`, (request) =>
          listWorkspaces(ctx, { named, personal }, request),
        ),
      {
        may: "installation:read",
        query: strict({ ...allQuery, ...pagingQuery }),
        response: { 200: listEnvelope(Workspace) },
        detail: {
          operationId: "listWorkspaces",
          summary: "All workspaces of the installation, for operators, oldest first",
        },
      },
    );
