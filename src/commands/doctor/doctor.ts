import { resolve } from "node:path";
import { systemClock } from "../../lib/clock.ts";
import { print } from "../../lib/log.ts";
import { type Command, DONE, FAILED } from "../command.ts";
import { serverRuns } from "../running.ts";
import { checkClock } from "./clock.ts";
import { checkDatabase } from "./database.ts";
import type { Check, Finding, Patient } from "./finding.ts";
import { checkFolder } from "./folder.ts";
import { checkJournal } from "./journal.ts";
import { checkMail } from "./mail.ts";
import { checkNetwork } from "./network.ts";
import { checkProxies } from "./proxies.ts";
import { checkThreads } from "./threads.ts";

export const doctorCommand: Command = {
  name: "doctor",
  about: "Looks for what is wrong or unsafe here, and says what to do. Changes nothing.",
  words: [0, 0],
  options: { json: { about: "The findings as JSON." } },
  async run(call) {
    const config = call.config();
    const dataDir = resolve(config.WAYPOST_DATA_DIR);
    const running = await serverRuns(dataDir);
    const patient: Patient = { config, env: call.env, dataDir, now: systemClock.now(), running };
    const findings = (await Promise.all(checks.map((check) => looked(check, patient)))).flat();
    print(call.has("json") ? JSON.stringify(findings, null, 2) : told(findings));
    return findings.some(({ state }) => state === "fail") ? FAILED : DONE;
  },
};

const checks: readonly Check[] = [
  checkFolder,
  checkJournal,
  checkClock,
  checkDatabase,
  checkNetwork,
  checkProxies,
  checkMail,
  checkThreads,
];

/** A check that itself breaks is a finding too: the others still tell what they saw. */
async function looked(check: Check, patient: Patient): Promise<Finding[]> {
  try {
    return await check(patient);
  } catch (error) {
    const fix = "Look at the message; if it says nothing to you, report it as a bug.";
    return [{ check: check.name, state: "fail", says: (error as Error).message, fix }];
  }
}

function told(findings: readonly Finding[]): string {
  const width = Math.max(...findings.map(({ check }) => check.length));
  const lines = findings.flatMap(({ check, state, says, fix }) => [
    `${state.padEnd(4)}  ${check.padEnd(width)}  ${says}`,
    ...(fix === undefined ? [] : [`${" ".repeat(width + 8)}→ ${fix}`]),
  ]);
  const bad = findings.filter(({ state }) => state === "fail").length;
  const doubtful = findings.filter(({ state }) => state === "warn").length;
  const sum = bad + doubtful === 0 ? "All good." : `${bad} failed, ${doubtful} to look at.`;
  return [...lines, "", sum].join("\n");
}
