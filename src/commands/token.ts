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
    tier: { value: "NAME", about: "How often it may call; the default when left out." },
    "allowed-ips": { value: "A,B", about: "Addresses and networks it may be used from." },
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
    permissions: listOf(call, "permissions"),
    tier: call.text("tier"),
    allowedIps: listOf(call, "allowed-ips"),
    expiresAt: call.text("expires-at"),
    ...(call.has("test") ? { environment: "test" } : {}),
  };
}

const listOf = (call: Call, name: string): string[] | undefined =>
  call
    .text(name)
    ?.split(",")
    .map((one) => one.trim());
