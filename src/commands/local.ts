import { resolve } from "node:path";
import type { Config } from "../config.ts";
import { systemClock } from "../lib/clock.ts";
import { openLog } from "../lib/log.ts";
import { askSocket } from "../lib/outbound/socket.ts";
import { localDoorPath, localOperator } from "../platform/local-door.ts";
import { openApp } from "./open.ts";
import { serverRuns } from "./running.ts";

/** Sends one API request as the operator of this machine; `path` begins after `/api/v1`. */
export type Send = (
  method: string,
  path: string,
  body?: unknown,
  workspaceId?: string,
) => Promise<{ status: number; body: unknown }>;

/**
 * Gives `work` the API: of the server that runs on this data folder, through its socket, or, when none runs, of an
 * app opened for this command alone.
 */
export async function withLocalApi<T>(config: Config, work: (send: Send) => Promise<T>): Promise<T> {
  const dataDir = resolve(config.WAYPOST_DATA_DIR);
  const socket = localDoorPath(dataDir);
  // Asked first: finding out by the lock would take its whole patience.
  if (await serverRuns(dataDir)) return work(sender((request) => askSocket(socket, request)));
  const log = openLog({ level: "warning", format: "text" });
  const app = await openApp({ config, clock: systemClock, log });
  try {
    await app.settleSetup();
    return await work(sender((request) => app.api.fetchAs(request, localOperator(request))));
  } finally {
    await app.stop();
  }
}

const sender =
  (answer: (request: Request) => Promise<Response>): Send =>
  async (method, path, body, workspaceId) => {
    const request = new Request(`http://localhost/api/v1${path}`, {
      method,
      headers: {
        ...(workspaceId === undefined ? {} : { "x-workspace-id": workspaceId }),
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const response = await answer(request);
    return { status: response.status, body: await response.json() };
  };
