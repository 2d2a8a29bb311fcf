import { Visitor, type VisitorFacts, type VisitorPorts } from "../../src/redirect/visitor.ts";

const nobody = {
  device: "",
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
      ...facts,
      headers: new Headers(facts.headers),
    },
    { agent: () => nobody, locate: () => null, ...ports },
  );
}
