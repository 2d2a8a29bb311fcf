import type { Config } from "../config.ts";
import { systemClock } from "../lib/clock.ts";
import { openLog, print } from "../lib/log.ts";
import { reachable } from "../lib/url.ts";
import { VERSION } from "../version.ts";
import { openApp } from "./open.ts";

/** Serves until SIGTERM or SIGINT, then lets requests in flight finish; a second signal does not wait. */
export async function serve(config: Config): Promise<number> {
  const log = openLog({ level: config.WAYPOST_LOG_LEVEL, format: config.WAYPOST_LOG_FORMAT });
  const stopped = stopSignal();
  const app = await openApp({ config, clock: systemClock, log });
  try {
    await app.serve();
    print(banner(app.server.url, app.firstRun.baseUrl() ?? reachable(app.server.url), app.firstRun.code));
    log.info("serving", { version: VERSION, url: app.server.url, database: app.ports.db.dialect });
    await stopped;
    log.info("stopping");
  } finally {
    await app.stop();
  }
  log.info("stopped");
  return 0;
}

function banner(listening: string, url: string, code: string | null): string {
  const lines = [
    "",
    `  Waypost ${VERSION}`,
    "",
    `  Listening    ${listening}`,
    `  Admin page   ${url}/admin`,
    `  API          ${url}/api/v1/docs`,
  ];
  if (code !== null)
    lines.push(
      "",
      `  Setup code   ${code}`,
      "               Enter it on the admin page to begin. It ends with this process.",
    );
  return `${lines.join("\n")}\n`;
}

function stopSignal(): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  let asked = false;
  const stop = () => {
    if (asked) process.exit(1);
    asked = true;
    resolve();
  };
  process.on("SIGTERM", stop);
  process.on("SIGINT", stop);
  return promise;
}
