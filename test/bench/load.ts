import { readFileSync } from "node:fs";
import { join } from "node:path";

/** A server under measurement: its own process, on the first core. The load comes from the second. */
export interface BenchServer {
  readonly port: number;
  readonly pid: number;
  stop(): Promise<void>;
}

/** Starts `servers/<file>` pinned to a core; it must print its port as its first line. */
export async function startServer(file: string, ...args: string[]): Promise<BenchServer> {
  const path = join(import.meta.dir, "servers", file);
  const child = Bun.spawn(["taskset", "-c", "0", process.execPath, path, ...args], {
    stdout: "pipe",
    stderr: "inherit",
  });
  const reader = child.stdout.getReader();
  const { value } = await reader.read();
  const port = Number(new TextDecoder().decode(value).trim());
  if (!port) throw new Error(`${file} did not start`);
  return {
    port,
    pid: child.pid,
    async stop() {
      child.kill();
      await child.exited;
    },
  };
}

/** What one round of load measured. */
export interface Round {
  readonly perSecond: number;
  /** Time of the main thread, in user and system, for one request. */
  readonly cpuMicroseconds: number;
  readonly p99Ms: number;
  /** Share of the two cores that went to strangers meanwhile: such a round measures them, not us. */
  readonly disturbed: number;
}

/** Sends the traffic for some seconds over 64 connections. Throws when anything but redirects came back. */
export async function sendLoad(server: BenchServer, script: string, seconds: number): Promise<Round> {
  const wrk = ["wrk", "-t1", "-c64", `-d${seconds}s`, "--latency", "-s", script];
  const before = {
    main: mainThreadMs(server.pid),
    all: processMs(server.pid),
    busy: busyMs(),
    at: Bun.nanoseconds(),
  };
  const load = Bun.spawn(["taskset", "-c", "1", ...wrk, `http://127.0.0.1:${server.port}`], {
    stdout: "pipe",
  });
  const text = await new Response(load.stdout).text();
  await load.exited;
  const main = mainThreadMs(server.pid) - before.main;
  const elapsed = (Bun.nanoseconds() - before.at) / 1e6;
  const ours = processMs(server.pid) - before.all + Number(load.resourceUsage()?.cpuTime.total ?? 0) / 1000;
  if (/Non-2xx|Socket errors/.test(text)) throw new Error(text);
  const [, count = ""] = /(\d+) requests in/.exec(text) ?? [];
  const [, perSecond = ""] = /Requests\/sec:\s+([\d.]+)/.exec(text) ?? [];
  const [, p99 = "", unit = ""] = /99%\s+([\d.]+)(us|ms|s)/.exec(text) ?? [];
  return {
    perSecond: Number(perSecond),
    cpuMicroseconds: (main * 1000) / Number(count),
    p99Ms: Number(p99) * { us: 0.001, ms: 1, s: 1000 }[unit as "us" | "ms" | "s"],
    disturbed: Math.max(0, busyMs() - before.busy - ours) / (2 * elapsed),
  };
}

// The kernel counts in hundredths of a second.
const MS_PER_TICK = 10;

const mainThreadMs = (pid: number): number => spentMs(`/proc/${pid}/task/${pid}/stat`);
const processMs = (pid: number): number => spentMs(`/proc/${pid}/stat`);

/** User and system time out of a stat file. */
function spentMs(path: string): number {
  const stat = readFileSync(path, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * MS_PER_TICK;
}

/** What the first two cores have worked since the machine started, for anybody. */
function busyMs(): number {
  let ticks = 0;
  for (const line of readFileSync("/proc/stat", "utf8").split("\n")) {
    const [name, user, nice, system, , , irq, softirq, steal] = line.split(" ");
    if (name !== "cpu0" && name !== "cpu1") continue;
    for (const one of [user, nice, system, irq, softirq, steal]) ticks += Number(one);
  }
  return ticks * MS_PER_TICK;
}
