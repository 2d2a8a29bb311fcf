import { afterAll, beforeAll, expect, test } from "bun:test";
import fc from "fast-check";
import { type Program, stage, tryOne } from "../support/rule-trial.ts";
import { caller, world } from "../support/rule-worlds.ts";
import { type Running, startWaypost } from "./executable-server.ts";

/** Ten visitors for each rule set. The long form is RULE_WORLDS=1000. */
const WORLDS = Number(process.env["RULE_WORLDS"] ?? 20);
const CALLERS = 10;
const KEY = `rules-key-${"0".repeat(40)}`;

let running: Running;
let program: Program;
beforeAll(async () => {
  running = await startWaypost({
    WAYPOST_SETUP_KEY: KEY,
    WAYPOST_RATE_LIMIT: "0",
    WAYPOST_TRUSTED_PROXIES: "127.0.0.0/8",
    WAYPOST_LOG_LEVEL: "info",
  });
  program = {
    async api(method, path, body) {
      const { status, data, body: whole } = await running.api(method, path, { key: KEY, body });
      return { status, data, text: status < 300 ? "" : JSON.stringify(whole) };
    },
    visit: (path, init) => fetch(`${running.url}/${path}`, { redirect: "manual", ...init }),
    // Its clock is the world's.
    now: () => Date.now(),
    located: false,
    host: new URL(running.url).hostname,
  };
}, 120_000);
afterAll(() => running.stop());

test("the executable sends everybody where another evaluator says, and simulates the same", async () => {
  const seed = Number(process.env["RULE_SEED"] ?? 42);
  let byRules = 0;
  for (const [i, one] of fc.sample(world, { numRuns: WORLDS, seed }).entries()) {
    const staged = await stage(program, `r${i}`, one);
    const callers = fc.sample(caller, { numRuns: CALLERS, seed: seed + i });
    const answers = await Promise.all(callers.map((who) => tryOne(program, staged, who)));
    byRules += answers.filter((ruleId) => ruleId !== null).length;
  }
  expect(byRules).toBeGreaterThan((WORLDS * CALLERS) / 10);
}, 1_800_000);
