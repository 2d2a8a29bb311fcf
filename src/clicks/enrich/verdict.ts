import { isbot, isbotMatch } from "isbot";
import type { Method } from "../../redirect/visit.ts";
import type { Verdict } from "../click.ts";
import { knownAgent } from "./agents.ts";

/** Who asked, and why we think so. */
export interface Judgement {
  readonly verdict: Verdict;
  /** `method:HEAD`, `purpose:prefetch`, `agent:Googlebot`, `agent:empty` …; empty for human. */
  readonly reason: string;
}

const REASON_LENGTH_MAX = 64;
const human: Judgement = { verdict: "human", reason: "" };
const empty: Judgement = { verdict: "bot", reason: "agent:empty" };

/**
 * Judges a request by what it says of itself. Pure, and the only judge: the counting of clicks and the
 * claiming of limited ones must never disagree.
 */
export function judge(
  request: { readonly method: Method; readonly purpose: string; readonly userAgent: string },
  agent: (userAgent: string) => Judgement = judgeAgent,
): Judgement {
  // A HEAD or OPTIONS never shows a page to anybody, whatever the user agent claims.
  if (request.method === "HEAD" || request.method === "OPTIONS")
    return { verdict: "bot", reason: `method:${request.method}` };
  const fetched = /prefetch|prerender|preview/i.exec(request.purpose);
  if (fetched) return { verdict: "prefetch", reason: `purpose:${fetched[0].toLowerCase()}` };
  return agent(request.userAgent);
}

/** The part of the verdict that hangs on the user agent alone, and can be kept for it. */
export function judgeAgent(userAgent: string): Judgement {
  if (userAgent.trim() === "") return empty;
  const known = knownAgent(userAgent);
  if (known) return { verdict: known.kind, reason: `agent:${known.name}` };
  if (!isbot(userAgent)) return human;
  const name = wordAround(userAgent, isbotMatch(userAgent) ?? "");
  return { verdict: "bot", reason: `agent:${name}`.slice(0, REASON_LENGTH_MAX) };
}

/** The whole word a match stands in: people look for `Googlebot`, not for `Google`. */
function wordAround(text: string, match: string): string {
  const at = text.indexOf(match);
  const before = /[\w-]*$/.exec(text.slice(0, at))![0];
  const behind = /^[\w-]*/.exec(text.slice(at + match.length))![0];
  return before + match + behind;
}
