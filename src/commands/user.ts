import type { User } from "../features/identity/model.ts";
import { apiOptions, askApi } from "./api-call.ts";
import { type Command, Misuse } from "./command.ts";

export const userCreateCommand: Command = {
  name: "user create",
  about: "Makes an account.",
  takes: "<email>",
  words: [1, 1],
  options: {
    "first-name": { value: "NAME", about: "First name." },
    "last-name": { value: "NAME", about: "Last name." },
    operator: { about: "The account may run the installation." },
    // On the command line it would stand in the shell's history and in the list of processes.
    "password-stdin": { about: "Reads the password from standard input; without it the account has none." },
    json: apiOptions["json"]!,
  },
  run: (call) =>
    askApi(
      call,
      async (ask) =>
        ask<User>("POST", "/users", {
          email: call.words[0],
          firstName: call.text("first-name"),
          lastName: call.text("last-name"),
          operator: call.has("operator"),
          ...(call.has("password-stdin") ? { password: await typedPassword() } : {}),
        }),
      ({ id, email }) => `${email} (${id})`,
    ),
};

async function typedPassword(): Promise<string> {
  const text = (await Bun.stdin.text()).replace(/\r?\n$/, "");
  if (text === "") throw new Misuse("Nothing came in on standard input: pipe the password in.");
  return text;
}
