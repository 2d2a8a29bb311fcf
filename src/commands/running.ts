import { existsSync } from "node:fs";
import { askSocket } from "../lib/outbound/socket.ts";
import { localDoorPath } from "../platform/local-door.ts";

/** Whether a server answers in this data folder. A socket that a dead one left behind answers nothing. */
export async function serverRuns(dataDir: string): Promise<boolean> {
  const path = localDoorPath(dataDir);
  if (!existsSync(path)) return false;
  try {
    const request = new Request("http://localhost/api/v1/setup", { signal: AbortSignal.timeout(3000) });
    return (await askSocket(path, request)).ok;
  } catch {
    return false;
  }
}
