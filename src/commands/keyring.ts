import type { SealingKey } from "../features/keyring/model.ts";
import { print } from "../lib/log.ts";
import { newKeyring } from "../platform/keyring.ts";
import { apiOptions, askApi, table } from "./api-call.ts";
import { type Command, DONE, Failed } from "./command.ts";

const json = { json: apiOptions["json"]! };

export const keyringListCommand: Command = {
  name: "keyring list",
  about: "Lists the keys that secrets are sealed with. It shows none of them.",
  words: [0, 0],
  options: json,
  run: (call) => askApi(call, (ask) => ask<SealingKey[]>("GET", "/installation/keyring"), shown),
};

export const keyringRotateCommand: Command = {
  name: "keyring rotate",
  about: "Seals with a new key from now on, and seals anew what there is, while everything goes on.",
  words: [0, 0],
  options: json,
  run: (call) => askApi(call, (ask) => ask<SealingKey[]>("POST", "/installation/keyring/rotate"), shown),
};

export const keyringRetireCommand: Command = {
  name: "keyring retire",
  about: "Takes a key off the ring that nothing is sealed with any more.",
  takes: "<key>",
  words: [1, 1],
  options: json,
  run: (call) =>
    askApi(
      call,
      (ask) => ask<SealingKey[]>("DELETE", `/installation/keyring/${encodeURIComponent(call.words[0]!)}`),
      shown,
    ),
};

export const keyringNewCommand: Command = {
  name: "keyring new",
  about: "Prints a new key ring for WAYPOST_KEYRING. Keep it as you keep a password.",
  words: [0, 0],
  options: {},
  async run() {
    print(newKeyring().trimEnd());
    return DONE;
  },
};

export const keyringForgetCommand: Command = {
  name: "keyring forget",
  about: "Gives up what was sealed with keys that are lost for good. The server must be stopped.",
  words: [0, 0],
  options: {},
  async run(call) {
    const { serverRuns } = await import("./running.ts");
    const { resolve } = await import("node:path");
    const config = call.config();
    // A server that runs has all its keys.
    if (await serverRuns(resolve(config.WAYPOST_DATA_DIR)))
      throw new Failed("A server runs on this data folder, so its key ring is the right one.");
    const { openApp } = await import("./open.ts");
    const { systemClock } = await import("../lib/clock.ts");
    const { openLog } = await import("../lib/log.ts");
    const log = openLog({ level: "warning", format: "text" });
    const app = await openApp({ config, clock: systemClock, log, forgetLostKeys: true });
    await app.stop();
    print("Whatever was sealed with a key that is not on the ring is given up.");
    return DONE;
  },
};

const shown = (keys: SealingKey[]): string =>
  table([
    ["KEY", "SEALED", "SINCE", ""],
    ...keys.map(({ id, sealed, usedSince, newest }) => [
      id,
      String(sealed),
      usedSince,
      newest ? "seals what is new" : sealed === 0 ? "can be retired" : "",
    ]),
  ]);
