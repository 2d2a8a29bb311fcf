import { readFileSync } from "node:fs";
import { join } from "node:path";
import { newApiKey } from "../../src/lib/secrets.ts";
import { type Bench, type Measure, median } from "./measure.ts";
import { type Program, startProgram } from "./program.ts";

const ROUNDS = Number(process.env["BENCH_ROUNDS"] ?? 3);
const SECONDS = Number(process.env["BENCH_SECONDS"] ?? 3);
/** 50 connections that wait 5 ms between calls: 10,000 a second. */
const REFUSED = { connections: 50, pauseMs: 5 };
const VISITS = { connections: 8, pauseMs: 4 };

export const bench: Bench = {
  about: "API calls that are refused: what one costs, and redirects meanwhile",
  needs: ["wrk", "taskset"],
  async run() {
    const measures: Measure[] = [];
    for (const [what, settings, headers] of cases())
      measures.push(...(await measured(what, settings, headers)));
    return measures;
  },
};

type Case = readonly [
  what: string,
  settings: Record<string, string>,
  headers: (program: Program) => string[],
];

/** Each with nothing else in the way: strangers are not limited where their keys are to be tried. */
function cases(): Case[] {
  const free = { WAYPOST_RATE_LIMIT_ANONYMOUS: "0" };
  return [
    ["429, a key beyond its limit", { ...free, WAYPOST_RATE_LIMIT: "1" }, ({ key }) => [`Bearer ${key}`]],
    ["429, a stranger beyond theirs", { WAYPOST_RATE_LIMIT_ANONYMOUS: "1" }, () => ["Bearer nonsense"]],
    ["401, mistyped keys", free, () => ["Bearer way_sk_live_mistyped"]],
    [
      "401, made-up keys that are well formed",
      free,
      () => Array.from({ length: 500 }, () => `Bearer ${newApiKey("live")}`),
    ],
    ["404, nothing at this address", free, ({ key }) => [`Bearer ${key}`]],
  ];
}

async function measured(
  what: string,
  settings: Record<string, string>,
  headers: Case[2],
): Promise<Measure[]> {
  const program = await startProgram(undefined, [], settings);
  try {
    await program.post({ destinationUrl: "https://example.com/", slug: "hot" }).catch(() => {});
    const path = what.startsWith("404") ? "/api/v1/nothing" : "/api/v1/links/count";
    const refusing = await script(program, "refused", { ...REFUSED, headers: headers(program) });
    const flooding = await script(program, "flood", { ...REFUSED, pauseMs: 0, headers: headers(program) });
    const visiting = await script(program, "visits", { ...VISITS, headers: [] });
    const costs: number[] = [];
    const ratios: number[] = [];
    const rates: number[] = [];
    await paced(program, flooding, path, REFUSED.connections, 1);
    for (let round = 0; round < ROUNDS; round++) {
      const before = mainThreadMs(program.pid);
      const flood = await paced(program, flooding, path, REFUSED.connections, SECONDS);
      costs.push(((mainThreadMs(program.pid) - before) * 1000) / flood.calls);
      const quiet = await paced(program, visiting, "/hot", VISITS.connections, SECONDS);
      const [busy, refused] = await Promise.all([
        paced(program, visiting, "/hot", VISITS.connections, SECONDS),
        paced(program, refusing, path, REFUSED.connections, SECONDS),
      ]);
      ratios.push(busy.p99Ms / quiet.p99Ms);
      rates.push(refused.calls / SECONDS);
    }
    return [
      { what: `${what}: CPU of a call`, value: median(costs), unit: "µs", budget: { max: 50 } },
      { what: `${what}: refused meanwhile`, value: median(rates), unit: "calls/s" },
      {
        what: `${what}: redirect p99 meanwhile / quiet`,
        value: median(ratios),
        unit: "×",
        budget: { max: 1.1 },
      },
    ];
  } finally {
    await program.stop();
  }
}

interface Load {
  readonly connections: number;
  readonly pauseMs: number;
  /** Values of Authorization, in turn. */
  readonly headers: readonly string[];
}

async function script({ url }: Program, name: string, { pauseMs, headers }: Load): Promise<string> {
  const path = join("/tmp", `waypost-bench-${name}-${new URL(url).port}.lua`);
  const turns = headers.map((value) => JSON.stringify(value)).join(",");
  await Bun.write(
    path,
    `local values = {${turns}}
local turn = 0
${pauseMs > 0 ? `function delay() return ${pauseMs} end` : ""}
function request()
  if #values == 0 then return wrk.format("GET") end
  turn = turn % #values + 1
  wrk.headers["Authorization"] = values[turn]
  return wrk.format("GET")
end
`,
  );
  return path;
}

/** Refusals are what is wanted, so the run is not thrown away for them; broken connections are. */
async function paced({ url }: Program, lua: string, path: string, connections: number, seconds: number) {
  const child = Bun.spawn(
    [
      "taskset",
      "-c",
      "1",
      "wrk",
      "-t1",
      `-c${connections}`,
      `-d${seconds}s`,
      "--latency",
      "-s",
      lua,
      url + path,
    ],
    { stdout: "pipe", stderr: "inherit" },
  );
  const text = await new Response(child.stdout).text();
  if (text.includes("Socket errors")) throw new Error(text);
  const [, p99 = "", unit = ""] = /99%\s+([\d.]+)(us|ms|s)/.exec(text) ?? [];
  return {
    calls: Number(/(\d+) requests in/.exec(text)![1]),
    p99Ms: Number(p99) * { us: 0.001, ms: 1, s: 1000 }[unit as "us" | "ms" | "s"],
  };
}

/** The kernel counts in hundredths of a second. */
function mainThreadMs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/task/${pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * 10;
}
