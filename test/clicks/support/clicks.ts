import { afterAll } from "bun:test";
import { type ClicksOptions, openClicks } from "../../../src/clicks/client.ts";
import { silentLog } from "../../../src/lib/log.ts";
import { temporaryFolder } from "./journal.ts";
import { domain, NOON } from "./visits.ts";

type Running = ReturnType<typeof openClicks>;
const running: Running[] = [];
afterAll(async () => {
  for (const clicks of running.splice(0)) await clicks.stop();
});

/** Clicks with both threads, stopped after the tests of the file. */
export async function startClicks(over: Partial<ClicksOptions> = {}): Promise<Running & { dataDir: string }> {
  const dataDir = over.dataDir ?? temporaryFolder();
  const clicks = openClicks({
    installationId: "inst_test",
    durability: "window",
    syncEveryMs: 2,
    foldEveryMs: 5,
    journalMode: "auto",
    honorOptOut: true,
    clock: { now: () => NOON },
    log: silentLog,
    ...over,
    dataDir,
  });
  running.push(clicks);
  await clicks.start();
  return Object.assign(clicks, { dataDir });
}

/** Everything that was ever counted in the workspace of `visit()`. */
export async function countAll(clicks: Running) {
  const { rows } = await clicks.query({
    workspaceId: domain().workspaceId!,
    from: 0,
    to: Number.MAX_SAFE_INTEGER,
    timezone: "UTC",
    where: {},
    limit: 1,
  });
  return rows[0]!;
}
