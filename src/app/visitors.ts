import type { Clicks } from "../clicks/clicks.ts";
import { agentReader } from "../clicks/enrich/agent.ts";
import { judge } from "../clicks/enrich/verdict.ts";
import { passwordTrier } from "../features/links/lock.ts";
import { openPasswords } from "../lib/passwords.ts";
import { macOf } from "../lib/secrets.ts";
import type { Context, Ports } from "../platform/context.ts";
import { type Locks, openLocks } from "../redirect/locks.ts";
import type { VisitorPorts } from "../redirect/visitor.ts";

/** What links that look at their visitors may ask about them. */
export function visitorPorts(
  clicks: Pick<Clicks, "dailyKey">,
  given: Partial<VisitorPorts> = {},
): VisitorPorts {
  const readAgent = agentReader();
  return {
    agent: readAgent,
    // Places and networks are unknown until databases of them are there.
    locate: () => null,
    network: () => null,
    judge: (visitor) => judge(visitor, readAgent).verdict,
    dailyKey: clicks.dailyKey,
    ...given,
  };
}

/** Who may pass links with a password. */
export const linkLocks = ({ keyring }: Pick<Ports, "keyring">, context: () => Context): Locks =>
  // Threads of their own: who guesses here keeps nobody from signing in.
  openLocks(
    macOf(keyring.codes, "unlocked links"),
    passwordTrier(context, openPasswords({ atOnce: 1, waitingMax: 16 })),
  );
