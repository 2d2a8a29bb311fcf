import type { Command } from "./command.ts";

/** What `waypost --help` prints. */
export const overview = (commands: readonly Command[]): string =>
  [
    "Waypost, a self-hosted link platform.",
    "",
    "Usage: waypost <command> [options]",
    "",
    "Commands:",
    ...columns(commands.map(({ name, takes, about }) => [`${name}${takes ? ` ${takes}` : ""}`, about])),
    "",
    '"waypost <command> --help" says more about one. Settings come from the environment: "waypost config".',
    "",
    EXIT_CODES,
  ].join("\n");

/** What `waypost <command> --help` prints. */
export function helpOf({ name, takes, about, options }: Command): string {
  const rows = Object.entries(options).map(([option, { value, about: what }]): [string, string] => [
    `--${option}${value === undefined ? "" : ` ${value}`}`,
    what,
  ]);
  return [
    about,
    "",
    `Usage: waypost ${name}${takes ? ` ${takes}` : ""}${rows.length > 0 ? " [options]" : ""}`,
    "",
    "Options:",
    ...columns([...rows, ["--help", "Prints this."]]),
    "",
    EXIT_CODES,
  ].join("\n");
}

const EXIT_CODES =
  "Exit codes: 0 it was done; 1 it was tried and failed; 2 the command line or the configuration is wrong.";

/** Two columns, the second aligned. */
export function columns(rows: readonly (readonly [string, string])[]): string[] {
  const width = Math.max(...rows.map(([left]) => left.length)) + 2;
  return rows.map(([left, right]) => `  ${left.padEnd(width)}${right}`);
}
