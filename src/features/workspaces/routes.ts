import { Type as t } from "@sinclair/typebox";
import { Elysia } from "elysia";
import type { Guard } from "../../platform/http.ts";
import { ok } from "../../platform/reply.ts";
import { envelope } from "../../platform/schema.ts";
import { Workspace, WorkspacePatch } from "./model.ts";
import { listWorkspaces, readWorkspace, updateWorkspace } from "./workspaces.ts";

export const workspaceRoutes = (guard: Guard) =>
  new Elysia({ tags: ["Workspace"] })
    .use(guard)
    .get("/workspace", async ({ ctx }) => ok(ctx, "Workspace", await readWorkspace(ctx)), {
      may: "workspace:read",
      response: { 200: envelope(Workspace) },
      detail: { operationId: "getWorkspace", summary: "The workspace of the key" },
    })
    .patch(
      "/workspace",
      async ({ ctx, body }) => ok(ctx, "Workspace updated", await updateWorkspace(ctx, body)),
      {
        may: "workspace:update",
        body: WorkspacePatch,
        response: { 200: envelope(Workspace) },
        detail: { operationId: "updateWorkspace", summary: "Change the name or the default domain" },
      },
    )
    .get("/workspaces", async ({ ctx }) => ok(ctx, "Workspaces", await listWorkspaces(ctx)), {
      may: "installation:read",
      response: { 200: envelope(t.Array(Workspace)) },
      detail: { operationId: "listWorkspaces", summary: "All workspaces of the installation, for operators" },
    });
