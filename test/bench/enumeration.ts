import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Bench, type Measure, median } from "./measure.ts";
import { startProgram } from "./program.ts";

const SAMPLES = Number(process.env["BENCH_SAMPLES"] ?? 200);
/** Sign-ins hash, and take a fifth of a second each. */
const SIGN_INS = Math.min(SAMPLES, 60);
const EMAIL = "known@example.org";

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
        await response.text();
        return performance.now() - began;
      };
      /** Both in turn, so that whatever else the machine does meets them alike. */
      const compared = async (
        what: string,
        path: string,
        samples: number,
        body: (email: string) => object,
      ) => {
        const [known, unknown]: [number[], number[]] = [[], []];
        for (let at = 0; at < samples; at++) {
          known.push(await ask(path, body(EMAIL)));
          unknown.push(await ask(path, body(`nobody${at}@example.org`)));
          await program.forgiveTries();
        }
        const value = Math.abs(median(known) - median(unknown));
        return { what: `${what}: known and unknown differ by`, value, unit: "ms", budget: { max: 5 } };
      };
      const measures: Measure[] = [
        await compared("sign-in", "/signin", SIGN_INS, (email) => ({ email, password: "a wrong guess" })),
        await compared("sign-up", "/signup", SIGN_INS, (email) => ({
          email,
          password: "meadow-kettle-19-fog",
        })),
        await compared("mailed code", "/otp/request", SAMPLES, (email) => ({ email })),
        await compared("forgotten password", "/password/forgot", SAMPLES, (email) => ({ email })),
      ];
      return measures;
    } finally {
      await program.stop();
    }
  },
};
