import type { Verification } from "../features/audit/model.ts";
import { print } from "../lib/log.ts";
import { type Ask, apiOptions, asker } from "./api-call.ts";
import { type Call, type Command, DONE, FAILED, Misuse } from "./command.ts";

export const auditVerifyCommand: Command = {
  name: "audit verify",
  about: "Looks through the audit log for events that were altered, deleted, moved or put in afterwards.",
  words: [0, 0],
  options: {
    expect: { value: "SEAL:HASH", about: "A seal that was noted at some time: the log must have it still." },
    json: apiOptions["json"]!,
  },
  async run(call) {
    const expect = expected(call);
    const { withLocalApi } = await import("./local.ts");
    const result = await withLocalApi(call.config(), (send) => verified(asker(send), expect));
    print(call.has("json") ? JSON.stringify(result, null, 2) : told(result));
    return result.findings.length === 0 ? DONE : FAILED;
  },
};

type Result = Omit<Verification, "done">;

/** Findings that are told; more of them say nothing new. */
const FINDINGS_MAX = 1000;

async function verified(ask: Ask, expect: string | null): Promise<Result> {
  const sum: Result = { seal: 0, hash: "", seals: 0, events: 0, erased: 0, unsealed: 0, findings: [] };
  for (;;) {
    const query = new URLSearchParams({ after: String(sum.seal) });
    if (expect !== null && Number(expect.split(":")[0]) > sum.seal) query.set("expect", expect);
    const part = await ask<Verification>("GET", `/installation/audit/verify?${query}`);
    sum.seal = part.seal;
    sum.hash = part.hash;
    sum.seals += part.seals;
    sum.events += part.events;
    sum.erased += part.erased;
    sum.unsealed = part.unsealed;
    sum.findings.push(...part.findings);
    if (part.done || sum.findings.length >= FINDINGS_MAX) return sum;
  }
}

function expected(call: Call): string | null {
  const text = call.text("expect") ?? null;
  if (text !== null && !/^[1-9]\d{0,11}:[0-9a-f]{64}$/.test(text))
    throw new Misuse('--expect takes a seal and its hash, as "waypost audit verify" prints them: 12:0f3a…');
  return text;
}

const counted = (n: number, what: string): string => `${n} ${what}${n === 1 ? "" : "s"}`;

function told({ seal, hash, events, erased, unsealed, findings }: Result): string {
  const lines = findings.map(
    (one) => `${one.kind.padEnd(17)}  seal ${one.seal}  ${one.eventId ?? ""}  ${one.message}`,
  );
  const sum =
    findings.length === 0
      ? `${counted(events, "event")} in ${counted(seal, "seal")} are as they were sealed.`
      : `${counted(findings.length, "finding")} in ${counted(events, "event")}: the log was tampered with, or damaged.`;
  return [
    ...lines,
    sum,
    ...(erased > 0 ? [`A person's data was taken out of ${erased} of them, on record.`] : []),
    ...(unsealed > 0 ? [`${unsealed} more wait for the next seal.`] : []),
    ...(seal > 0 ? [`Note the last seal elsewhere, and give it to --expect next time: ${seal}:${hash}`] : []),
  ].join("\n");
}
