import type { KeyWithSecret } from "../features/keys/model.ts";
import { apiOptions, askApi } from "./api-call.ts";
import { type Call, type Command, Misuse } from "./command.ts";

export const tokenCreateCommand: Command = {
  name: "token create",
  about: "Makes an API key and prints it; it is never shown again.",
  takes: "<name>",
  words: [1, 1],
  options: {
    role: { value: "ROLE", about: "viewer, editor (default), admin or owner." },
    permissions: { value: "A,B", about: "Exactly these instead of a role, such as links:read,links:create." },
    test: { about: "A key of the test environment." },
    "expires-at": { value: "TIME", about: "When it ends, such as 2027-01-31T00:00:00Z." },
    operator: { about: "A key for running the installation, without a workspace." },
    ...apiOptions,
  },
  run: (call) =>
    askApi(
      call,
      async (ask, workspace) =>
        call.has("operator")
          ? ask<KeyWithSecret>("POST", "/installation/keys", inputOf(call))
          : ask<KeyWithSecret>("POST", "/keys", inputOf(call), await workspace()),
      ({ secret }) => secret,
    ),
};

function inputOf(call: Call) {
  if (call.text("role") !== undefined && call.text("permissions") !== undefined)
    throw new Misuse("Choose one of --role and --permissions.");
  return {
    name: call.words[0],
    role: call.text("role"),
    permissions: call
      .text("permissions")
      ?.split(",")
      .map((one) => one.trim()),
    expiresAt: call.text("expires-at"),
    ...(call.has("test") ? { environment: "test" } : {}),
  };
}
