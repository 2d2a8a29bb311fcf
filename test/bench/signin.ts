import { readFileSync } from "node:fs";
import { openPasswords } from "../../src/lib/passwords.ts";
import { type Bench, median } from "./measure.ts";
import { type Program, startProgram } from "./program.ts";
import { wrk } from "./wrk.ts";

const ROUNDS = Number(process.env["BENCH_ROUNDS"] ?? 5);
const SECONDS = Number(process.env["BENCH_SECONDS"] ?? 3);
/** The long form is BENCH_AT_ONCE=500 BENCH_SECONDS=60 BENCH_ROUNDS=1. */
const AT_ONCE = Number(process.env["BENCH_AT_ONCE"] ?? 64);

export const bench: Bench = {
  about: "sign-ins that hash, and redirects meanwhile",
  needs: ["wrk", "taskset"],
  async run() {
    const verifyMs = await verifying();
    // Strangers at addresses of their own, so that it is hashing that is measured and not its throttle.
    const program = await startProgram(undefined, [], {
      WAYPOST_TRUSTED_PROXIES: "127.0.0.1",
      WAYPOST_RATE_LIMIT_ANONYMOUS: "0",
    });
    try {
      await program.post({ destinationUrl: "https://example.com/", slug: "hot" });
      await wrk(program.visiting, 2);
      const rounds: { aloneMs: number; ratio: number; signins: number; refused: number; memoryMb: number }[] =
        [];
      for (let round = 0; round < ROUNDS; round++) {
        const alone = await wrk(program.visiting, SECONDS);
        const before = residentMb(program.pid);
        const crowd = openCrowd(program, round);
        const busy = await wrk(program.visiting, SECONDS);
        const memoryMb = residentMb(program.pid) - before;
        const { hashed, refused } = await crowd.stop();
        rounds.push({
          aloneMs: alone.p99Ms,
          ratio: busy.p99Ms / alone.p99Ms,
          signins: hashed,
          refused,
          memoryMb,
        });
      }
      const middle = (name: keyof (typeof rounds)[number]) => median(rounds.map((round) => round[name]));
      return [
        { what: "comparing one password", value: verifyMs, unit: "ms", budget: { max: 300 } },
        { what: "redirect p99, alone", value: middle("aloneMs"), unit: "ms" },
        {
          what: `redirect p99, while ${AT_ONCE} sign in / alone`,
          value: middle("ratio"),
          unit: "×",
          budget: { max: 1.5 },
        },
        { what: "sign-ins compared meanwhile", value: middle("signins"), unit: "", budget: { min: 1 } },
        { what: "sign-ins told to come back", value: middle("refused"), unit: "", budget: { min: 1 } },
        { what: "memory that hashing adds", value: middle("memoryMb"), unit: "MB", budget: { max: 200 } },
      ];
    } finally {
      await program.stop();
    }
  },
};

async function verifying(): Promise<number> {
  const passwords = openPasswords();
  const hash = await passwords.hash("quiet-harbour-lantern-42");
  const times: number[] = [];
  for (let at = 0; at < 9; at++) {
    const began = performance.now();
    await passwords.verify("quiet-harbour-lantern-43", hash);
    times.push(performance.now() - began);
  }
  return median(times);
}

/** So many sign-ins at every moment, each by another stranger from another address. */
function openCrowd({ url }: Program, round: number) {
  let stopped = false;
  let at = 0;
  const counts = { hashed: 0, refused: 0 };
  const one = async () => {
    while (!stopped) {
      const number = at++;
      const response = await fetch(`${url}/api/v1/auth/signin`, {
        method: "POST",
        headers: {
          "content-type": "application/json",
          "x-forwarded-for": `10.${(round * 16 + (number >> 16)) & 255}.${(number >> 8) & 255}.${number & 255}`,
        },
        body: JSON.stringify({ email: `p${round}-${number}@example.org`, password: "guess" }),
      });
      const text = await response.text();
      if (response.status === 401) counts.hashed++;
      else if (response.status === 429) counts.refused++;
      else throw new Error(`a sign-in was answered ${response.status}: ${text}`);
      // Whoever was told to come back does not ask again at once.
      if (response.status === 429) await Bun.sleep(100);
    }
  };
  const all = Promise.all(Array.from({ length: AT_ONCE }, one));
  return {
    async stop() {
      stopped = true;
      await all;
      return counts;
    },
  };
}

const residentMb = (pid: number): number =>
  Number(/^RssAnon:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0) / 1024;
