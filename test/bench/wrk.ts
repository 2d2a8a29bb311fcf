export interface WrkRun {
  /** Arguments behind those for connections and duration: script and URL. */
  readonly arguments: readonly string[];
  readonly connections: number;
}
export interface WrkResult {
  readonly perSecond: number;
  readonly p99Ms: number;
  readonly worstMs: number;
}

/** One run of wrk on the second core. Throws when there were errors, so that no refusal is taken for speed. */
export async function wrk({ arguments: rest, connections }: WrkRun, seconds: number): Promise<WrkResult> {
  const command = [
    "taskset",
    "-c",
    "1",
    "wrk",
    "-t1",
    `-c${connections}`,
    `-d${seconds}s`,
    "--latency",
    ...rest,
  ];
  const child = Bun.spawn(command, { stdout: "pipe", stderr: "inherit" });
  const text = await new Response(child.stdout).text();
  if (/Non-2xx or 3xx|Socket errors/.test(text)) throw new Error(`wrk met errors:\n${text}`);
  const [, worst] = /Latency\s+[\d.]+\S+\s+\S+\s+(\S+)/.exec(text)!;
  return {
    perSecond: Number(/Requests\/sec:\s+([\d.]+)/.exec(text)![1]),
    p99Ms: milliseconds(/^\s*99%\s+(\S+)/m.exec(text)![1]!),
    worstMs: milliseconds(worst!),
  };
}

function milliseconds(text: string): number {
  const [, value, unit] = /^([\d.]+)(us|ms|s)$/.exec(text) ?? [];
  if (!unit) throw new Error(`wrk wrote a time as ${text}`);
  return Number(value) * { us: 0.001, ms: 1, s: 1000 }[unit as "us" | "ms" | "s"];
}
