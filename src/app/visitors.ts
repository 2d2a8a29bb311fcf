import { agentReader } from "../clicks/enrich/agent.ts";
import { passwordTrier } from "../features/links/lock.ts";
import { openPasswords } from "../lib/passwords.ts";
import { macOf } from "../lib/secrets.ts";
import type { Context, Ports } from "../platform/context.ts";
import { openLocks } from "../redirect/locks.ts";

/** What the redirect asks of the other rooms for links that look at their visitors. */
export const visitorPorts = ({ keyring }: Pick<Ports, "keyring">, context: () => Context) => ({
  // Places are unknown until a database of them is there.
  visitors: { agent: agentReader(), locate: () => null },
  // Threads of their own: who guesses here keeps nobody from signing in.
  locks: openLocks(
    macOf(keyring.codes, "unlocked links"),
    passwordTrier(context, openPasswords({ atOnce: 1, waitingMax: 16 })),
  ),
});
