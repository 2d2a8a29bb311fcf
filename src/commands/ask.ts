import { openOutbound } from "../lib/outbound/outbound.ts";
import { VERSION } from "../version.ts";

const { operator } = openOutbound({ userAgent: `Waypost/${VERSION}` });

/**
 * Asks an address of the operator's own, for `health` and `doctor`: small answers, a short time, no redirects.
 * Null when nothing answers.
 */
export async function ask(url: string, timeoutMs = 5000): Promise<Answer | null> {
  try {
    const answer = await operator.request({ url, timeoutMs, bytesMax: 1000, cut: true });
    return { status: answer.status, text: answer.text() };
  } catch {
    return null;
  }
}

export interface Answer {
  readonly status: number;
  readonly text: string;
}

/** Where this machine reaches its own server: an address that means "all" is none to connect to. */
export function ownOrigin(host: string, port: number): string {
  const reachable = host === "0.0.0.0" ? "127.0.0.1" : host === "::" ? "::1" : host;
  return `http://${reachable.includes(":") ? `[${reachable}]` : reachable}:${port}`;
}

/** True for an answer of our own `/healthz`, and not of whatever else listens there. */
export const isOurs = (answer: Answer | null): boolean =>
  answer?.status === 200 && answer.text.includes('"status":"ok"');
