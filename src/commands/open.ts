import { resolve } from "node:path";
import { type App, type AppOptions, assembleApp } from "../app.ts";
import { openClicks } from "../clicks/client.ts";
import { lockFolder } from "../db/lock.ts";
import { openDatabase } from "../db/open.ts";
import { openInstallation } from "../features/installation/installation.ts";
import { makePrivateFolder } from "../lib/files.ts";
import { refuseEphemeral } from "../platform/storage.ts";

/** Opens the data folder and everything in it, for this process alone. */
export async function openApp(options: AppOptions): Promise<App> {
  const { config, clock, log } = options;
  const dataDir = resolve(config.WAYPOST_DATA_DIR);
  // Whatever is made from here on is for this user's eyes only.
  process.umask(0o077);
  makePrivateFolder(dataDir);
  if (!config.WAYPOST_ALLOW_EPHEMERAL) refuseEphemeral(dataDir);
  const lock = lockFolder(dataDir);
  const db = await openDatabase({ databaseUrl: config.WAYPOST_DATABASE_URL, dataDir, clock, log });
  const installation = await openInstallation(db);
  const clicks = openClicks({
    dataDir,
    installationId: installation.installationId,
    syncEveryMs: config.WAYPOST_CLICKS_SYNC_EVERY,
    durability: config.WAYPOST_CLICKS_DURABILITY,
    journalMode: config.WAYPOST_CLICKS_JOURNAL,
    honorOptOut: config.WAYPOST_HONOR_OPT_OUT,
    clock,
    log,
  });
  // Making the first journal segment takes a disk's while; the rest is put together meanwhile.
  const [app] = await Promise.all([
    assembleApp({ ...options, dataDir, db, clicks, installation }),
    clicks.start(),
  ]);
  return {
    ...app,
    async stop() {
      await app.stop();
      await clicks.stop();
      await db.close();
      lock.release();
    },
  };
}
