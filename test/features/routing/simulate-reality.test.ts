import { afterAll, beforeAll, expect, test } from "bun:test";
import fc from "fast-check";
import type { VisitorNetwork, VisitorPlace } from "../../../src/redirect/visitor.ts";
import { type TestApp, testApp } from "../../support/app.ts";
import { type Program, stage, tryOne } from "../../support/rule-trial.ts";
import { caller, networks, places, world } from "../../support/rule-worlds.ts";

/** Rule sets, and visitors for each. The long form is against the executable: test/program/rules.test.ts. */
const WORLDS = Number(process.env["RULE_WORLDS"] ?? 40);
const CALLERS = 10;

let app: TestApp;
let program: Program;
beforeAll(async () => {
  app = await testApp({
    env: { WAYPOST_TRUSTED_PROXIES: "127.0.0.0/8" },
    visitors: {
      locate(address) {
        const place = places[address];
        return place ? ({ ...place, timeZone: place["timezone"] } as unknown as VisitorPlace) : null;
      },
      network: (address) => (networks[address] as unknown as VisitorNetwork) ?? null,
    },
  });
  program = {
    async api(method, path, body) {
      const answer = await app.call(method, path, { ...(body === undefined ? {} : { body }) });
      return { status: answer.status, data: answer.body?.data, text: answer.text };
    },
    visit: (path, init) => app.visit(`http://links.test/${path}`, init),
    now(wanted) {
      app.clock.set(wanted);
      return wanted;
    },
    located: true,
    host: "links.test",
  };
});
afterAll(() => app.close());

test("what is simulated is what happens, and both are what another evaluator says", async () => {
  const seed = Number(process.env["RULE_SEED"] ?? 20_261_122);
  const worlds = fc.sample(world, { numRuns: WORLDS, seed });
  const chosen = new Map<string, number>();
  for (const [i, one] of worlds.entries()) {
    const staged = await stage(program, `r${i}`, one);
    for (const who of fc.sample(caller, { numRuns: CALLERS, seed: seed + i })) {
      const ruleId = await tryOne(program, staged, who);
      const kind = ruleId === null ? "none" : "rule";
      chosen.set(kind, (chosen.get(kind) ?? 0) + 1);
    }
  }
  // Or nothing would have been tried.
  expect(chosen.get("rule")).toBeGreaterThan((WORLDS * CALLERS) / 10);
  expect(chosen.get("none")).toBeGreaterThan((WORLDS * CALLERS) / 20);
}, 300_000);
