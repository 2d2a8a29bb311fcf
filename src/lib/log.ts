import {
  configureSync,
  getConsoleSink,
  getJsonLinesFormatter,
  getLogger,
  getTextFormatter,
} from "@logtape/logtape";

/**
 * Structured logging: a sentence that never changes, and the facts beside it. Secrets are blotted out on the
 * way, whatever field they are in.
 */
export interface Logger {
  debug(message: string, facts?: Facts): void;
  info(message: string, facts?: Facts): void;
  warning(message: string, facts?: Facts): void;
  error(message: string, facts?: Facts): void;
}
export type Facts = Readonly<Record<string, unknown>>;

export interface LogOptions {
  readonly level: "debug" | "info" | "warning" | "error";
  readonly format: "json" | "text";
}

/** The process's logger: one line a record on standard error. The only house of the console. */
export function openLog({ level, format }: LogOptions): Logger {
  const formatter = format === "json" ? getJsonLinesFormatter({ properties: "flatten" }) : getTextFormatter();
  const write = (...line: unknown[]) => console.error(...line);
  const sink = getConsoleSink({
    formatter: (record) => blotted(formatter(record)),
    console: { ...console, debug: write, info: write, warn: write, error: write },
  });
  configureSync({
    reset: true,
    sinks: { sink },
    loggers: [
      { category: ["logtape", "meta"], lowestLevel: "warning", sinks: ["sink"] },
      { category: "waypost", lowestLevel: level, sinks: ["sink"] },
    ],
  });
  const logger = getLogger("waypost");
  return {
    debug: (message, facts) => logger.debug(message, safe(facts)),
    info: (message, facts) => logger.info(message, safe(facts)),
    warning: (message, facts) => logger.warn(message, safe(facts)),
    error: (message, facts) => logger.error(message, safe(facts)),
  };
}

export const silentLog: Logger = { debug() {}, info() {}, warning() {}, error() {} };

/** What a person asked for on the command line: to standard output, as it is. */
export const print = (text: string): void => console.log(text);

const SECRET_FIELD = /pass(word)?|secret|token|authorization|cookie|api-?key|otp|setup-?code/i;

/** Fields named like secrets are blotted out; errors become their name, message, stack and cause. */
function safe(facts: Facts = {}): Record<string, unknown> {
  const out: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(facts))
    out[name] = SECRET_FIELD.test(name) ? "***" : value instanceof Error ? described(value) : value;
  return out;
}

const described = (error: Error): Record<string, unknown> => ({
  name: error.name,
  message: error.message,
  stack: error.stack,
  ...(error.cause instanceof Error ? { cause: described(error.cause) } : {}),
});

/** Keys, bearer headers and passwords in URLs, wherever a text carried them in. */
const blotted = (line: string): string =>
  line
    .replace(/\bway_(sk|pk)_(live|test)_[0-9A-Za-z]+/g, "way_$1_$2_***")
    .replace(/(\bBearer\s+)[^\s"\\]+/gi, "$1***")
    .replace(/(:\/\/[^\s:/@"]+:)[^\s@"]+@/g, "$1***@");
