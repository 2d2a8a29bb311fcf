import { Type as t } from "@sinclair/typebox";
import { Elysia } from "elysia";
import type { Guard } from "../../platform/http.ts";
import { once } from "../../platform/once.ts";
import { pagingQuery } from "../../platform/paging.ts";
import { ok, page } from "../../platform/reply.ts";
import { envelope, listEnvelope, strict } from "../../platform/schema.ts";
import { createFolder, deleteFolder, listFolders, readFolder, updateFolder } from "./folders.ts";
import { Folder, FolderPatch, NewFolder } from "./model.ts";

const FolderParams = t.Object({ folder: t.String({ maxLength: 64, description: "Id." }) });

export const folderRoutes = (guard: Guard) =>
  new Elysia({ prefix: "/folders", tags: ["Folders"] })
    .use(guard)
    .get(
      "",
      ({ ctx, query }) => page(ctx, "Folders", query, "folders", (request) => listFolders(ctx, request)),
      {
        may: "folders:read",
        query: strict(pagingQuery),
        response: { 200: listEnvelope(Folder) },
        detail: { operationId: "listFolders", summary: "Folders by name; parentId makes them a tree" },
      },
    )
    .post(
      "",
      ({ ctx, body }) =>
        once(ctx, { status: 201, message: "Folder created" }, body, (c) => createFolder(c, body)),
      {
        may: "folders:create",
        body: NewFolder,
        response: { 201: envelope(Folder) },
        detail: { operationId: "createFolder", summary: "Make a folder, in another one if you like" },
      },
    )
    .get("/:folder", async ({ ctx, params }) => ok(ctx, "Folder", await readFolder(ctx, params.folder)), {
      may: "folders:read",
      params: FolderParams,
      response: { 200: envelope(Folder) },
      detail: { operationId: "getFolder", summary: "One folder" },
    })
    .patch(
      "/:folder",
      async ({ ctx, params, body }) =>
        ok(ctx, "Folder updated", await updateFolder(ctx, params.folder, body)),
      {
        may: "folders:update",
        params: FolderParams,
        body: FolderPatch,
        response: { 200: envelope(Folder) },
        detail: { operationId: "updateFolder", summary: "Rename, move, open or close; null clears" },
      },
    )
    .delete(
      "/:folder",
      async ({ ctx, params }) => ok(ctx, "Folder deleted", await deleteFolder(ctx, params.folder)),
      {
        may: "folders:delete",
        params: FolderParams,
        response: { 200: envelope(Folder) },
        detail: { operationId: "deleteFolder", summary: "End a folder that nothing stands in" },
      },
    );
