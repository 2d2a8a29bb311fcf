import type { Clicks } from "../clicks/clicks.ts";
import { agentReader } from "../clicks/enrich/agent.ts";
import { judge } from "../clicks/enrich/verdict.ts";
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
