import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

/** The compiled program, as it is shipped. `npm test` builds it before. */
export const executable = resolve(
  process.env["TEST_EXECUTABLE"] ?? join(import.meta.dir, "../../dist/waypost"),
);
if (!existsSync(executable)) throw new Error(`${executable} is not there: npm run build`);

export interface Running {
  /** Where it listens, as it said itself. */
  readonly url: string;
  readonly folder: string;
  /** The setup code it printed; null when it printed none. */
  readonly code: string | null;
  readonly process: Bun.Subprocess;
  /** All it has logged so far. */
  log(): string;
  api(method: string, path: string, options?: { key?: string; body?: unknown }): Promise<Answer>;
  /** Ends it as a service manager does, and answers its exit code. */
  stop(): Promise<number>;
}
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers as they come
  readonly data: any;
  // biome-ignore lint/suspicious/noExplicitAny: the same
  readonly body: any;
}

/** An empty folder of its own, gone when the process of the tests ends. */
export function emptyFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "waypost-program-"));
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Nothing of the surroundings but what a system always has. */
export const bareEnv = (more: Record<string, string> = {}): Record<string, string> => ({
  PATH: "/usr/bin:/bin",
  // Where the tests keep their folders may well be a tmpfs.
  WAYPOST_ALLOW_EPHEMERAL: "true",
  ...more,
});

/** Starts `waypost serve` on a free port and waits until it says where it listens. */
export async function startWaypost(
  env: Record<string, string> = {},
  folder = emptyFolder(),
): Promise<Running> {
  const [out, log] = ["out", "log"].map((name) => join(folder, `${name}-${Bun.randomUUIDv7()}`)) as [
    string,
    string,
  ];
  const child = Bun.spawn([executable, "serve"], {
    cwd: folder,
    env: bareEnv({ WAYPOST_PORT: "0", ...env }),
    stdout: Bun.file(out),
    stderr: Bun.file(log),
  });
  const url = await listening(child, log);
  return {
    url,
    folder,
    code: /Setup code\s+(\S+)/.exec(readFileSync(out, "utf8"))?.[1] ?? null,
    process: child,
    log: () => readFileSync(log, "utf8"),
    api: (method, path, options = {}) => callApi(url, method, path, options),
    async stop() {
      child.kill("SIGTERM");
      return child.exited;
    },
  };
}

/** A start takes a tenth of a second, from a cold disk under load much longer. */
const START_WITHIN_MS = 60_000;

/** Where it says that it listens. The address it prints for people is the one that setup fixed. */
async function listening(child: Bun.Subprocess, log: string): Promise<string> {
  for (const until = performance.now() + START_WITHIN_MS; performance.now() < until; await Bun.sleep(10)) {
    const text = existsSync(log) ? readFileSync(log, "utf8") : "";
    const url = /"message":"serving".*?"url":"([^"]+)"/.exec(text)?.[1];
    if (url !== undefined) return url;
    if (child.exitCode !== null) break;
  }
  child.kill("SIGKILL");
  throw new Error(`waypost serve did not start: ${readFileSync(log, "utf8")}`);
}

async function callApi(
  url: string,
  method: string,
  path: string,
  { key, body }: { key?: string; body?: unknown },
): Promise<Answer> {
  const response = await fetch(`${url}/api/v1${path}`, {
    method,
    headers: {
      ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
      ...(body === undefined ? {} : { "content-type": "application/json" }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  // biome-ignore lint/suspicious/noExplicitAny: as above
  const json = (await response.json()) as any;
  return { status: response.status, headers: response.headers, data: json.data, body: json };
}

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs one command to its end. */
export async function runWaypost(
  args: readonly string[],
  options: { folder: string; env?: Record<string, string>; stdin?: string },
): Promise<Ran> {
  const child = Bun.spawn([executable, ...args], {
    cwd: options.folder,
    env: bareEnv(options.env),
    stdin: options.stdin === undefined ? "ignore" : Buffer.from(options.stdin),
    stdout: "pipe",
    stderr: "pipe",
  });
  const [out, err, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  return { code, out, err };
}

/** Asks until the answer fits: clicks count within a second. */
export async function eventually<T>(
  ask: () => Promise<T>,
  fits: (answer: T) => boolean,
  withinMs = 60_000,
): Promise<T> {
  const until = performance.now() + withinMs;
  for (;;) {
    const answer = await ask();
    if (fits(answer) || performance.now() > until) return answer;
    await Bun.sleep(50);
  }
}
