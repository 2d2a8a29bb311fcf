import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Bench, type Measure, median } from "./measure.ts";
import { startProgram } from "./program.ts";

const SAMPLES = Number(process.env["BENCH_SAMPLES"] ?? 200);
/** Sign-ins hash, and take a fifth of a second each. */
const SIGN_INS = Math.min(SAMPLES, 60);
const EMAIL = "known@example.org";

interface Timed {
  readonly known: number[];
  readonly unknown: number[];
}
/** The same kind twice: whatever differs between these is chance. */
const halves = (times: readonly number[]): Timed => ({
  known: times.filter((_, at) => at % 2 === 0),
  unknown: times.filter((_, at) => at % 2 === 1),
});
const apart = ({ known, unknown }: Timed): number => Math.abs(median(known) - median(unknown));

export const bench: Bench = {
  about: "whether an answer's time tells who has an account",
  needs: ["taskset"],
  async run() {
    const program = await startProgram(mkdtempSync(join(tmpdir(), "waypost-bench-")), [], {
      WAYPOST_TRUSTED_PROXIES: "127.0.0.1",
      WAYPOST_RATE_LIMIT_ANONYMOUS: "0",
      WAYPOST_SIGNUP: "open",
    });
    try {
      await program.makeUser(EMAIL, "quiet-harbour-lantern-42");
      let stranger = 0;
      const ask = async (path: string, body: object): Promise<number> => {
        const number = stranger++;
        const began = performance.now();
        const response = await fetch(`${program.url}/api/v1/auth${path}`, {
          method: "POST",
          headers: {
            "content-type": "application/json",
            "x-forwarded-for": `10.${number >> 16}.${(number >> 8) & 255}.${number & 255}`,
          },
          body: JSON.stringify(body),
        });
        const text = await response.text();
        if (response.status === 429) throw new Error(text);
        return performance.now() - began;
      };
      /**
       * Known and unknown by chance, so that whatever else the machine does, and the work that a call leaves behind,
       * meets both alike; and the call after one of them, which that work could slow down.
       */
      const compared = async (
        what: string,
        path: string,
        samples: number,
        body: (email: string) => object,
      ): Promise<Measure[]> => {
        const own: Timed = { known: [], unknown: [] };
        const next: Timed = { known: [], unknown: [] };
        let before: keyof Timed | null = null;
        while (own.known.length < samples || own.unknown.length < samples) {
          const kind = Math.random() < 0.5 ? "known" : "unknown";
          const took = await ask(path, body(kind === "known" ? EMAIL : `nobody${stranger}@example.org`));
          own[kind].push(took);
          if (before !== null) next[before].push(took);
          before = kind;
          await program.forgiveTries();
        }
        return [
          {
            what: `${what}: known and unknown differ by`,
            value: apart(own),
            unit: "ms",
            budget: { max: 5 },
          },
          // What the same measuring makes of no difference at all, on this machine at this hour.
          { what: `${what}: two halves of the unknown, by`, value: apart(halves(own.unknown)), unit: "ms" },
          {
            what: `${what}: the call after one of them, by`,
            value: apart(next),
            unit: "ms",
            budget: { max: 5 },
          },
        ];
      };
      const measures = [
        ...(await compared("sign-in", "/signin", SIGN_INS, (email) => ({
          email,
          password: "a wrong guess",
        }))),
        ...(await compared("sign-up", "/signup", SIGN_INS, (email) => ({
          email,
          password: "meadow-kettle-19-fog",
        }))),
        ...(await compared("mailed code", "/otp/request", SAMPLES, (email) => ({ email }))),
        ...(await compared("forgotten password", "/password/forgot", SAMPLES, (email) => ({ email }))),
      ];
      return measures;
    } finally {
      await program.stop();
    }
  },
};
