import { expect, test } from "bun:test";
import fc from "fast-check";
import type { Method } from "../../../src/redirect/visit.ts";
import type { VisitorNetwork, VisitorPlace } from "../../../src/redirect/visitor.ts";
import { oracleHolds } from "../../support/rule-oracle.ts";
import { caller, leaf, networks, places, tree } from "../../support/rule-worlds.ts";
import { visitorOf, visitorPorts } from "../visitor.ts";
import { holds } from "./asked.ts";

/** The same trial as over HTTP (test/features/routing/simulate-reality.test.ts), with many more conditions. */
const trial = (condition: fc.Arbitrary<object>, runs: number) => {
  const seen = { true: 0, false: 0, unknown: 0 };
  fc.assert(
    fc.property(condition, caller, (given, who) => {
      const cookies: Record<string, string> = {
        ...who.cookies,
        ...(who.key ? { waypost_visitor: who.key } : {}),
      };
      const key = who.key ?? "d".repeat(22);
      const place = places[who.ip];
      const visitor = visitorOf(
        {
          at: who.at,
          method: who.method as Method,
          url: `http://go.test/r1?${who.query}`,
          query: who.query,
          address: () => who.ip,
          headers: {
            "user-agent": who.userAgent,
            "accept-language": who.language,
            referer: who.referrer,
            cookie: Object.entries(cookies)
              .map((pair) => pair.join("="))
              .join("; "),
            ...who.headers,
          },
        },
        {
          ...visitorPorts,
          locate: () =>
            place ? ({ ...place, timeZone: place["timezone"] } as unknown as VisitorPlace) : null,
          network: () => (networks[who.ip] as unknown as VisitorNetwork) ?? null,
          dailyKey: () => key,
        },
      );
      const wanted = oracleHolds(given, {
        ...who,
        host: "go.test",
        path: "/r1",
        cookies,
        place: place ?? null,
        network: networks[who.ip] ?? null,
        returning: who.key !== null,
        key,
        clicks: null,
        linkId: "link_1",
      });
      const word = wanted === null ? "unknown" : wanted ? "true" : "false";
      seen[word]++;
      expect([given, who, holds(given, visitor)]).toEqual([given, who, word]);
    }),
    { numRuns: runs },
  );
  return seen;
};

test("every condition is answered as another evaluator answers it", () => {
  const { true: yes, false: no, unknown } = trial(leaf, 20_000);
  expect(Math.min(yes, no)).toBeGreaterThan(5000);
  expect(unknown).toBeGreaterThan(500);
}, 60_000);

test("every tree of conditions is, too", () => {
  const { true: yes, false: no, unknown } = trial(tree, 10_000);
  expect(Math.min(yes, no)).toBeGreaterThan(2000);
  expect(unknown).toBeGreaterThan(200);
}, 60_000);
