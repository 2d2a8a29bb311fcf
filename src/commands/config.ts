import { type SettingName, settings } from "../config.ts";
import { print } from "../lib/log.ts";
import { type Call, type Command, DONE, Misuse } from "./command.ts";

export const configCommand: Command = {
  name: "config",
  about: "Prints every setting: value, where it came from, type, default and meaning.",
  words: [0, 0],
  options: {
    json: { about: "As JSON." },
    markdown: { about: "As the document docs/configuration.md, without values." },
  },
  async run(call) {
    if (call.has("json") && call.has("markdown")) throw new Misuse("Choose one of --json and --markdown.");
    if (call.has("markdown")) print(configMarkdown());
    else if (call.has("json")) print(JSON.stringify(rows(call), null, 2));
    else print(rows(call).map(block).join("\n"));
    return DONE;
  },
};

interface SettingRow {
  readonly name: SettingName;
  readonly value: string | null;
  readonly from: string;
  readonly type: string;
  readonly default: string | null;
  readonly about: string;
}

const names = Object.keys(settings) as SettingName[];

function rows(call: Call): SettingRow[] {
  const sources = call.sources();
  return names.map((name) => {
    const { type, default: fallback, about } = settings[name];
    const { from, text } = sources[name];
    // A secret is shown as being there, never by a part of it: parts are how secrets leak into tickets.
    return {
      name,
      value: text !== null && isSecret(name) ? "***" : text,
      from,
      type,
      default: fallback,
      about,
    };
  });
}

const isSecret = (name: SettingName): boolean => (settings[name] as { secret?: true }).secret === true;

const block = ({ name, value, from, type, default: fallback, about }: SettingRow): string =>
  [
    `${name} = ${shown(value)}   (${from})`,
    `    ${type}; default ${shown(fallback)}`,
    ...wrapped(about, 100).map((line) => `    ${line}`),
    "",
  ].join("\n");

const shown = (text: string | null): string => (text === null || text === "" ? "not set" : text);

function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + word.length < width) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}

/** The document of all settings, made from their table, so that it cannot say anything else. */
export function configMarkdown(): string {
  const table = names.map((name) => {
    const { type, default: fallback, about } = settings[name];
    const given = fallback === null || fallback === "" ? "not set" : `\`${fallback}\``;
    return `| \`${name}\` | ${cell(type)} | ${given} | ${cell(about)} |`;
  });
  return [
    "# Configuration",
    "",
    "Settings come from environment variables. Nothing has to be set. `waypost config` prints this table with the",
    "values in force and where each came from; mistakes and unknown `WAYPOST_` names stop the start, all of them named",
    "at once. Made by `waypost config --markdown`: change `src/config.ts`, not this file.",
    "",
    "* A *duration* has a unit: `10ms`, `30s`, `5m`, `24h`, `30d`.",
    "* A *size* has a unit: `64kB`, `200MB`, `1GiB`.",
    "* A *secret* can be read from a file: set `NAME_FILE` to its path instead of `NAME`.",
    "* A variable that is set but empty counts as not set.",
    "",
    "| setting | type | default | meaning |",
    "|---|---|---|---|",
    ...table,
    "",
  ].join("\n");
}

const cell = (text: string): string => text.replaceAll("|", "\\|");
