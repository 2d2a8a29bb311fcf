import { Database } from "bun:sqlite";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { WrkRun } from "./wrk.ts";

const executable = join(import.meta.dir, "../../dist/waypost");
const KEY = "bench-key-0123456789abcdefghijklmnop";

/** The compiled program on the first core, over an empty folder, without limits. */
export interface Program {
  readonly pid: number;
  readonly url: string;
  /** The owner's key. */
  readonly key: string;
  readonly visiting: WrkRun;
  readonly posting: WrkRun;
  post(body: unknown): Promise<void>;
  /** Makes an account, as the operator on this machine does. */
  makeUser(email: string, password: string): Promise<void>;
  /** Lets everybody try anew, as if days had passed. */
  forgiveTries(): Promise<void>;
  stop(): Promise<void>;
}

export async function startProgram(
  folder = mkdtempSync(join(tmpdir(), "waypost-bench-")),
  before: readonly string[] = [],
  settings: Readonly<Record<string, string>> = {},
): Promise<Program> {
  if (!existsSync(executable)) throw new Error("dist/waypost is not there. Run: npm run build");
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const child = Bun.spawn(["taskset", "-c", "0", ...before, executable, "serve"], {
    cwd: folder,
    env: {
      PATH: process.env["PATH"]!,
      WAYPOST_PORT: String(port),
      WAYPOST_SETUP_KEY: KEY,
      WAYPOST_RATE_LIMIT: "0",
      WAYPOST_LOG_LEVEL: "error",
      WAYPOST_ALLOW_EPHEMERAL: "true",
      ...settings,
    },
    stdout: "ignore",
    stderr: "inherit",
  });
  while (
    !(await fetch(`${url}/readyz`).then(
      ({ ok }) => ok,
      () => false,
    ))
  ) {
    if (child.exitCode !== null) throw new Error("the program did not start");
    await Bun.sleep(5);
  }
  const script = join(folder, "post.lua");
  await Bun.write(
    script,
    `wrk.method = "POST"
wrk.headers["Authorization"] = "Bearer ${KEY}"
wrk.headers["Content-Type"] = "application/json"
wrk.body = '{"destinationUrl":"https://example.com/landing?x=1"}'
`,
  );
  return {
    pid: child.pid,
    url,
    key: KEY,
    visiting: { connections: 64, arguments: [`${url}/hot`] },
    posting: { connections: 64, arguments: ["-s", script, `${url}/api/v1/links`] },
    async post(body) {
      const response = await fetch(`${url}/api/v1/links`, {
        method: "POST",
        headers: { authorization: `Bearer ${KEY}`, "content-type": "application/json" },
        body: JSON.stringify(body),
      });
      if (!response.ok) throw new Error(await response.text());
    },
    async makeUser(email, password) {
      const response = await fetch("http://localhost/api/v1/users", {
        unix: join(folder, "data/waypost.sock"),
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ email, password }),
      });
      if (!response.ok) throw new Error(await response.text());
    },
    async forgiveTries() {
      const database = new Database(join(folder, "data/waypost.db"));
      database.run("pragma busy_timeout = 5000");
      database.run("delete from throttles");
      database.close();
    },
    async stop() {
      child.kill("SIGTERM");
      await child.exited;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** What makes every twentieth sync of each thread late, and stops for nothing else. */
export const slowDisk = (delayMs: number): string[] => [
  ...["strace", "-D", "-f", "-qq", "--seccomp-bpf", "-o", "/dev/null", "-e", "trace=fsync,fdatasync"],
  ...["-e", `inject=fsync,fdatasync:delay_enter=${delayMs * 1000}:when=20+20`],
];

async function freePort(): Promise<number> {
  const server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response() });
  const { port } = server;
  await server.stop(true);
  return port!;
}
