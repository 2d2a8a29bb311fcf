import { resolve } from "node:path";
import { type App, type AppOptions, assembleApp } from "../app.ts";
import { openClicks } from "../clicks/client.ts";
import { lockFolder } from "../db/lock.ts";
import { openDatabase } from "../db/open.ts";
import { openInstallation } from "../features/installation/installation.ts";
import { makePrivateFolder } from "../lib/files.ts";
import { refuseEphemeral } from "../platform/storage.ts";

/** Opens the data folder and everything in it, for this process alone. When one part fails, those before it are closed. */
export async function openApp(options: AppOptions): Promise<App> {
  await using opened = new AsyncDisposableStack();
  const app = await openInOrder(options, opened);
  // Nothing failed: what was opened is closed by `stop`, and not on the way out of here.
  const open = opened.move();
  return {
    ...app,
    async stop() {
      await app.stop();
      await open.disposeAsync();
    },
  };
}

async function openInOrder(options: AppOptions, opened: AsyncDisposableStack): Promise<App> {
  const { config, clock, log } = options;
  const dataDir = resolve(config.WAYPOST_DATA_DIR);
  // Whatever is made from here on is for this user's eyes only.
  process.umask(0o077);
  makePrivateFolder(dataDir);
  if (!config.WAYPOST_ALLOW_EPHEMERAL) refuseEphemeral(dataDir);
  const lock = lockFolder(dataDir);
  opened.defer(() => lock.release());
  const db = await openDatabase({ databaseUrl: config.WAYPOST_DATABASE_URL, dataDir, clock, log });
  opened.defer(() => db.close());
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
  opened.defer(() => clicks.stop());
  // Making the first journal segment takes a disk's while; the rest is put together meanwhile.
  const [app] = await Promise.all([
    assembleApp({ ...options, dataDir, db, clicks, installation }),
    clicks.start(),
  ]);
  return app;
}
