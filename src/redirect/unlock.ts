import type { Decision } from "./decide.ts";
import { type Locked, type Locks, typedPassword } from "./locks.ts";
import { type Page, pages } from "./pages.ts";

/** A form that was sent to a link with a password, and what the handler can do about it. */
export interface Unlocking {
  readonly request: Request;
  readonly link: Locked;
  readonly locks: Locks;
  /** The client's whole address. */
  readonly address: string;
  /** The browser speaks TLS. */
  readonly secure: boolean;
  now(): number;
  decide(at: number, unlocked: boolean): Decision;
  /** The page as this domain shows it. */
  shown(page: Page): Response;
  /** Records the visit, and answers it. */
  carryOut(decision: Decision, at: number): Response | Promise<Response>;
}

/** Opens the link to whoever has typed its password. Whatever comes of it, no destination is sent the form. */
export async function unlock(given: Unlocking): Promise<Response> {
  const { request, link, locks, address, now, decide, carryOut } = given;
  const typed = await typedPassword(request);
  const began = now();
  const decision = decide(began, false);
  if (decision.kind !== "password" || typed === null) return seeOther(await carryOut(decision, began));
  const tried = await locks.tried(link, typed, address);
  const at = now();
  if (tried !== "right") {
    await carryOut(decision, at);
    return refusal(tried, given.shown);
  }
  const opened = seeOther(await carryOut(decide(at, true), at));
  opened.headers.append("set-cookie", locks.cookie(link, at, given.secure));
  return opened;
}

function refusal(
  tried: "wrong" | { readonly waitSeconds: number },
  shown: (page: Page) => Response,
): Response {
  if (tried === "wrong") return shown(pages.password_wrong);
  const later = shown(pages.password_wait);
  later.headers.set("retry-after", String(tried.waitSeconds));
  return later;
}

/** The same answer; a redirect is followed by GET, without the body (RFC 9110, 15.4.4). */
const seeOther = (answer: Response): Response =>
  answer.headers.has("location") ? new Response(null, { status: 303, headers: answer.headers }) : answer;
