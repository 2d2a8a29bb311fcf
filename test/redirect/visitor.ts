import { agentReader } from "../../src/clicks/enrich/agent.ts";
import { judge } from "../../src/clicks/enrich/verdict.ts";
import { Visitor, type VisitorFacts, type VisitorPorts } from "../../src/redirect/visitor.ts";

/** What the app gives, without databases and without a journal. */
export const visitorPorts: VisitorPorts = {
  agent: agentReader(),
  locate: () => null,
  network: () => null,
  judge: (visitor) => judge(visitor, () => visitor.agent as never).verdict,
  dailyKey: ({ domainId, address, userAgent }) =>
    new Bun.CryptoHasher("sha256")
      .update(`${domainId} ${address} ${userAgent}`)
      .digest("base64url")
      .slice(0, 22),
};

const nobody = {
  device: "",
  brand: "",
  browser: "",
  browserVersion: "",
  os: "",
  osVersion: "",
  engine: "",
  verdict: "human",
};

/** A visitor made by hand; the ports count what they are asked. */
export function visitorOf(
  facts: Partial<Omit<VisitorFacts, "headers">> & { readonly headers?: Record<string, string> } = {},
  ports: Partial<VisitorPorts> = {},
): Visitor {
  return new Visitor(
    {
      at: 1000,
      method: "GET",
      url: "http://go.test/summer",
      query: "",
      address: () => "192.0.2.7",
      domainId: "dom_1",
      linkId: "link_1",
      ...facts,
      headers: new Headers(facts.headers),
    },
    { ...visitorPorts, agent: () => nobody, ...ports },
  );
}
