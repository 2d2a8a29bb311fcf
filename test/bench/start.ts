import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Bench, median } from "./measure.ts";
import { startProgram } from "./program.ts";

const STARTS = 11;
const IDLE_MS = 3000;

export const bench: Bench = {
  about: "the compiled program: from its start to the first redirect, and its memory when idle",
  needs: ["taskset"],
  async run() {
    const folder = mkdtempSync(join(tmpdir(), "waypost-bench-start-"));
    const first = await startProgram(folder);
    await first.post({ destinationUrl: "https://example.com/", slug: "hot" });
    await Bun.sleep(IDLE_MS);
    const anonymousMb = residentAnonymousMb(first.pid);
    process.kill(first.pid, "SIGKILL");
    const times: number[] = [];
    for (let i = 0; i < STARTS; i++) times.push(await startToRedirect(folder));
    rmSync(folder, { recursive: true, force: true });
    return [
      {
        what: "start to first redirect, after a kill",
        value: median(times),
        unit: "ms",
        budget: { max: 150 },
      },
      { what: "anonymous memory, idle", value: anonymousMb, unit: "MB", budget: { max: 110 } },
    ];
  },
};

async function startToRedirect(folder: string): Promise<number> {
  const began = performance.now();
  const child = Bun.spawn([join(import.meta.dir, "../../dist/waypost"), "serve"], {
    cwd: folder,
    env: { WAYPOST_PORT: "18911", WAYPOST_LOG_LEVEL: "error", WAYPOST_ALLOW_EPHEMERAL: "true" },
    stdout: "ignore",
    stderr: "inherit",
  });
  try {
    while (performance.now() - began < 10_000) {
      const answer = await fetch("http://127.0.0.1:18911/hot", { redirect: "manual" }).catch(() => null);
      if (answer?.status === 302) return performance.now() - began;
      await Bun.sleep(1);
    }
    throw new Error("there was no redirect within 10 s");
  } finally {
    child.kill("SIGKILL");
    await child.exited;
  }
}

/** Mapped files, the journal's segments among them, are not the program's own memory. */
const residentAnonymousMb = (pid: number): number =>
  Number(/RssAnon:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))![1]) / 1000;
