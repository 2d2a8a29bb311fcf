import { agentReader } from "../../../src/clicks/enrich/agent.ts";
import { systemClock } from "../../../src/lib/clock.ts";
import { parseNetwork } from "../../../src/lib/ip.ts";
import { silentLog } from "../../../src/lib/log.ts";
import { openServer } from "../../../src/platform/server.ts";
import { RouteCache, type RouteCacheOptions } from "../../../src/redirect/cache.ts";
import { redirectHandler } from "../../../src/redirect/handler.ts";
import { openLocks } from "../../../src/redirect/locks.ts";
import type { DomainSnapshot, LinkSnapshot } from "../../../src/redirect/snapshot.ts";
import type { Visit } from "../../../src/redirect/visit.ts";
import type { VisitorPlace, VisitorPorts } from "../../../src/redirect/visitor.ts";
import { benchHost, destinationOf } from "../traffic.ts";

export const domain: DomainSnapshot = {
  id: "dom_01hzx3k9w8q2v7n5m4t6y0abcd",
  workspaceId: "ws_01hzx3k9w8q2v7n5m4t6y0abcd",
  host: benchHost,
  caseSensitive: false,
  rootUrl: null,
  notFoundUrl: null,
  expiredUrl: null,
  forwardsPaths: false,
  brand: null,
};

export const linkOf = (index: number, location = destinationOf(index)): LinkSnapshot => ({
  id: `link_01hzx3k9w8${index.toString(32).padStart(16, "0")}`,
  workspaceId: "ws_01hzx3k9w8q2v7n5m4t6y0abcd",
  version: 1,
  location,
  status: 302,
  expiresAt: null,
  expiredUrl: null,
  clicksLimit: null,
  forwardQuery: true,
  enabled: true,
  loop: false,
  extras: null,
});

const places: readonly VisitorPlace[] = ["DE", "US", "FR", "BR", "JP"].map((country) => ({
  country,
  region: "",
  city: "",
  continent: "",
  latitude: null,
  longitude: null,
  timeZone: "",
}));

/** The front as the product runs it, over links from `resolve`, and prints its port. */
export async function serveRedirects(options: {
  resolve: RouteCacheOptions["resolve"];
  linksMax: number;
  record(visit: Visit): void | Promise<void>;
  dailyKey?: VisitorPorts["dailyKey"];
}): Promise<void> {
  const server = openServer({
    config: {
      WAYPOST_HOST: "127.0.0.1",
      WAYPOST_PORT: 0,
      WAYPOST_BODY_LIMIT: 2 ** 20,
      WAYPOST_REQUEST_TIMEOUT: 30_000,
      WAYPOST_SHUTDOWN_TIMEOUT: 1000,
      WAYPOST_METRICS_LISTEN: null,
    },
    redirect: redirectHandler({
      routes: new RouteCache(options),
      record: options.record,
      claim: () => true,
      exhausted: () => false,
      consumes: () => true,
      used: () => 0,
      locks: openLocks("secret", async () => "wrong"),
      visitors: {
        agent: agentReader(),
        // As a database of places would say, at about the price of asking one.
        locate: (address) => places[address.charCodeAt(0) % places.length]!,
        network: () => null,
        judge: (visitor) => visitor.agent.verdict,
        dailyKey: options.dailyKey ?? (({ address, userAgent }) => address + userAgent),
      },
      clock: systemClock,
      // `anywhere`: as if the port were open to other machines, where every peer has to be asked who it is.
      listensOn: process.argv.includes("anywhere") ? "0.0.0.0" : "127.0.0.1",
      trustedProxies: [parseNetwork("127.0.0.0/8")!],
      failed: (what, error) => console.error(what, error),
    }),
    paths: {},
    privatePaths: {},
    baseHost: () => "base.test",
    log: silentLog,
  });
  await server.start();
  console.log(server.port);
}
