import { print } from "../lib/log.ts";
import { ask, isOurs, ownOrigin } from "./ask.ts";
import { type Command, DONE, FAILED } from "./command.ts";

export const healthCommand: Command = {
  name: "health",
  about: "Asks the server on this machine whether it is alive, for container health checks.",
  words: [0, 0],
  options: {},
  async run(call) {
    const { WAYPOST_HOST, WAYPOST_PORT } = call.config();
    const url = `${ownOrigin(WAYPOST_HOST, WAYPOST_PORT)}/healthz`;
    const alive = isOurs(await ask(url));
    print(alive ? "ok" : `No answer from ${url}.`);
    return alive ? DONE : FAILED;
  },
};
