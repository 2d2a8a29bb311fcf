import type { Config, ConfigSource, SettingName } from "../config.ts";

/** One thing `waypost` can be told to do. */
export interface Command {
  /** One word or two: `serve`, `link create`. */
  readonly name: string;
  readonly about: string;
  /** What comes after the name, as help shows it: `<destination>`. */
  readonly takes?: string;
  /** How many words may come after the name. */
  readonly words: readonly [min: number, max: number];
  readonly options: Readonly<Record<string, Option>>;
  /** Does it, and answers the exit code. */
  run(call: Call): Promise<number>;
}

export interface Option {
  /** The name of its value in help (`HOST`); a switch has none. */
  readonly value?: string;
  readonly about: string;
}

/** What was typed, and the world it was typed in. */
export interface Call {
  readonly words: readonly string[];
  /** The value of an option; undefined when it was not given. */
  text(name: string): string | undefined;
  /** Whether a switch was given. */
  has(name: string): boolean;
  readonly env: Environment;
  /** @throws ConfigError with every mistake at once */
  config(): Config;
  sources(): Readonly<Record<SettingName, ConfigSource>>;
}

export type Environment = Readonly<Record<string, string | undefined>>;

/** Exit codes, the same for every command. */
export const DONE = 0;
/** It was tried and did not succeed; the last line says why. */
export const FAILED = 1;
/** The command line or the configuration is wrong: trying again without a change cannot help. */
export const MISUSED = 2;

/** What was typed cannot be meant. The message is a sentence; help is named beside it. */
export class Misuse extends Error {
  override readonly name = "Misuse";
}

/** It was understood, and did not succeed. The message is all the person needs. */
export class Failed extends Error {
  override readonly name = "Failed";
}
