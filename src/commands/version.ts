import { print } from "../lib/log.ts";
import { VERSION } from "../version.ts";
import { type Command, DONE } from "./command.ts";

export const versionCommand: Command = {
  name: "version",
  about: "Prints the version.",
  words: [0, 0],
  options: { json: { about: "Version, runtime and machine as JSON." } },
  async run(call) {
    const facts = {
      version: VERSION,
      bun: Bun.version,
      platform: process.platform,
      architecture: process.arch,
    };
    print(call.has("json") ? JSON.stringify(facts) : VERSION);
    return DONE;
  },
};
