import { resolve } from "node:path";
import { systemClock } from "../lib/clock.ts";
import { openLog, print } from "../lib/log.ts";
import { type Command, DONE } from "./command.ts";

export const migrateCommand: Command = {
  name: "migrate",
  about: "Brings the database up to date and ends. serve does the same when it starts.",
  words: [0, 0],
  options: {},
  async run(call) {
    const config = call.config();
    const { lockFolder } = await import("../db/lock.ts");
    const { openDatabase } = await import("../db/open.ts");
    const { migrations } = await import("../db/migrations.ts");
    const { makePrivateFolder } = await import("../lib/files.ts");
    const dataDir = resolve(config.WAYPOST_DATA_DIR);
    makePrivateFolder(dataDir);
    const log = openLog({ level: config.WAYPOST_LOG_LEVEL, format: config.WAYPOST_LOG_FORMAT });
    const lock = lockFolder(dataDir);
    try {
      const db = await openDatabase({
        databaseUrl: config.WAYPOST_DATABASE_URL,
        dataDir,
        clock: systemClock,
        log,
      });
      await db.close();
      print(`The database is up to date: ${migrations.at(-1)?.name}.`);
      return DONE;
    } finally {
      lock.release();
    }
  },
};
