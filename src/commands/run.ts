import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { ConfigError, loadConfig } from "../config.ts";
import { print } from "../lib/log.ts";
import { VERSION } from "../version.ts";
import {
  type Call,
  type Command,
  DONE,
  type Environment,
  FAILED,
  Failed,
  MISUSED,
  Misuse,
} from "./command.ts";
import { helpOf, overview } from "./help.ts";
import { commands } from "./table.ts";

/** Runs what was typed and answers the exit code. Nothing is thrown: every failure becomes a sentence. */
export async function run(argv: readonly string[], env: Environment): Promise<number> {
  try {
    return await runCommand(argv, env);
  } catch (error) {
    return told(error);
  }
}

async function runCommand(argv: readonly string[], env: Environment): Promise<number> {
  const [first] = argv;
  if (first === undefined || first === "--help" || first === "-h" || first === "help")
    return printed(overview(commands));
  if (first === "--version" || first === "-v") return printed(VERSION);
  const command = findCommand(argv);
  const rest = argv.slice(command.name.split(" ").length);
  if (rest.includes("--help") || rest.includes("-h")) return printed(helpOf(command));
  return command.run(callOf(command, rest, env));
}

function findCommand(argv: readonly string[]): Command {
  const two = commands.find(({ name }) => name === argv.slice(0, 2).join(" "));
  const one = commands.find(({ name }) => name === argv[0]);
  const found = two ?? one;
  if (found) return found;
  const below = commands.filter(({ name }) => name.startsWith(`${argv[0]} `));
  if (below.length > 0)
    throw new Misuse(`Say what to do: ${below.map(({ name }) => `waypost ${name}`).join(", ")}.`);
  throw new Misuse(`There is no command "${argv[0]}". "waypost --help" lists them.`);
}

function callOf(command: Command, rest: readonly string[], env: Environment): Call {
  const { values, positionals } = parsed(command, rest);
  const [min, max] = command.words;
  if (positionals.length < min || positionals.length > max)
    throw new Misuse(
      `${positionals.length < min ? `${command.takes} is missing` : `"${positionals[max]}" is one word too many`}. "waypost ${command.name} --help" says more.`,
    );
  let loaded: ReturnType<typeof loadConfig> | undefined;
  const load = () => (loaded ??= loadConfig(env, (path) => readFileSync(path, "utf8")));
  return {
    words: positionals,
    text: (name) => values[name] as string | undefined,
    has: (name) => values[name] === true,
    env,
    config: () => load().config,
    sources: () => load().sources,
  };
}

function parsed(command: Command, rest: readonly string[]) {
  const options = Object.fromEntries(
    Object.entries(command.options).map(([name, { value }]) => [
      name,
      { type: value === undefined ? ("boolean" as const) : ("string" as const) },
    ]),
  );
  try {
    return parseArgs({ args: [...rest], options, strict: true, allowPositionals: true });
  } catch (error) {
    // parseArgs says in its own words which option is unknown or lacks its value; the rest is advice on dashes.
    const [sentence = ""] = (error as Error).message.split(/\. To specify|\n/);
    throw new Misuse(`${sentence.replace(/\.$/, "")}. "waypost ${command.name} --help" lists the options.`);
  }
}

function told(error: unknown): number {
  if (error instanceof Misuse || error instanceof ConfigError) return complained(error.message, MISUSED);
  if (error instanceof Failed) return complained(error.message, FAILED);
  // Refusals of the rooms below have names and full sentences; anything else is a bug, and its stack is of use.
  const known = error instanceof Error && error.name !== "Error" && !BUGS.has(error.name);
  return complained(
    known || !(error instanceof Error) ? String((error as Error).message) : (error.stack ?? ""),
    FAILED,
  );
}

const BUGS = new Set(["TypeError", "RangeError", "ReferenceError", "SyntaxError"]);

function printed(text: string): number {
  print(text);
  return DONE;
}

function complained(text: string, code: number): number {
  process.stderr.write(`waypost: ${text}\n`);
  return code;
}
