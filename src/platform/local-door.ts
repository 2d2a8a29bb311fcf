import { chmodSync, rmSync } from "node:fs";
import { join } from "node:path";
import { isId } from "../lib/ids.ts";
import type { Logger } from "../lib/log.ts";
import type { Service } from "../lib/service.ts";
import type { Api } from "./api.ts";
import { namedWorkspace } from "./callers.ts";
import type { Actor } from "./context.ts";
import { permissions } from "./permissions.ts";

/** Where the command line of this machine reaches a running server. */
export const localDoorPath = (dataDir: string): string => join(dataDir, "waypost.sock");

/** Linux takes 108 bytes for the path of a socket, the closing zero included. */
const PATH_LENGTH_MAX = 107;

/**
 * The API on a socket in the data folder, for whoever may read that folder: they are the operator anyway.
 * `X-Workspace-Id` picks the workspace they act in.
 */
export function openLocalDoor(api: Api, dataDir: string, log: Logger): Service {
  const path = localDoorPath(dataDir);
  let server: Bun.Server<undefined> | null = null;
  return {
    name: "local door",
    async start() {
      if (Buffer.byteLength(path) > PATH_LENGTH_MAX)
        return log.warning(
          "the data folder's path is too long for a socket: commands need the server stopped",
          { path },
        );
      rmSync(path, { force: true });
      server = Bun.serve({
        unix: path,
        development: false,
        maxRequestBodySize: Number.MAX_SAFE_INTEGER,
        fetch: (request) => api.fetchAs(request, localOperator(request)),
      });
      chmodSync(path, 0o600);
    },
    async stop() {
      await server?.stop();
      if (server) rmSync(path, { force: true });
      server = null;
    },
  };
}

/** Whoever works on the machine itself: everything is allowed, in the workspace that path or header names. */
export function localOperator(request: Request): Actor {
  const named = namedWorkspace(request);
  return {
    kind: "system",
    id: "local",
    workspaceId: named !== null && isId("ws", named) ? named : null,
    permissions: new Set(permissions),
    person: null,
    application: null,
  };
}
