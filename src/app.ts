import type { Clicks } from "./clicks/clicks.ts";
import { judge } from "./clicks/enrich/verdict.ts";
import type { Config } from "./config.ts";
import type { Database } from "./db/database.ts";
import { openTotalsMirror } from "./features/analytics/mirror.ts";
import { analyticsRoutes } from "./features/analytics/routes.ts";
import { domainRoutes } from "./features/domains/routes.ts";
import { accountRoutes } from "./features/identity/account-routes.ts";
import { authRoutes } from "./features/identity/auth-routes.ts";
import { writeLetterJob } from "./features/identity/by-letter.ts";
import { openCookies } from "./features/identity/cookie.ts";
import { credentialRoutes } from "./features/identity/credential-routes.ts";
import { passkeyRoutes } from "./features/identity/passkey-routes.ts";
import { openPeople } from "./features/identity/people.ts";
import { identityRoutes } from "./features/identity/routes.ts";
import { identityUpkeepJob } from "./features/identity/upkeep.ts";
import type { Installation } from "./features/installation/installation.ts";
import { openKeyAuthentication } from "./features/keys/authenticate.ts";
import { keyRoutes } from "./features/keys/routes.ts";
import { linkRoutes } from "./features/links/routes.ts";
import { mailRoutes } from "./features/mail/routes.ts";
import { unsubscribePage } from "./features/mail/unsubscribe.ts";
import { adminPage, docsPage } from "./features/reference/pages.ts";
import { referenceRoutes } from "./features/reference/routes.ts";
import { openRouting } from "./features/routing/routing.ts";
import { type FirstRunState, openFirstRun } from "./features/setup/first-run.ts";
import { setupRoutes } from "./features/setup/routes.ts";
import { openMemberships } from "./features/workspaces/memberships.ts";
import { workspaceRoutes } from "./features/workspaces/routes.ts";
import { startHeavyThread } from "./heavy.ts";
import type { After, Clock } from "./lib/clock.ts";
import { AppError } from "./lib/errors.ts";
import { isWithin, type Network, parseNetwork, unmapped } from "./lib/ip.ts";
import type { Logger } from "./lib/log.ts";
import { type Outbound, openOutbound } from "./lib/outbound/outbound.ts";
import { openPasswords } from "./lib/passwords.ts";
import { startInOrder } from "./lib/service.ts";
import { reachable } from "./lib/url.ts";
import { type Api, openApiLater } from "./platform/api.ts";
import { openCallers } from "./platform/callers.ts";
import { type Context, type Ports, systemActor } from "./platform/context.ts";
import { healthAnswers, type Problems } from "./platform/health.ts";
import type { JobType } from "./platform/jobs/job.ts";
import { openKeyring } from "./platform/keyring.ts";
import { openLimiter } from "./platform/limits.ts";
import { openLocalDoor } from "./platform/local-door.ts";
import { sendMailJob } from "./platform/mail/send.ts";
import { type MailTransport, openTransport } from "./platform/mail/transport.ts";
import { mailUpkeepJob } from "./platform/mail/upkeep.ts";
import { openMetrics } from "./platform/metrics.ts";
import { openPace } from "./platform/pace.ts";
import { openCursors } from "./platform/paging.ts";
import { operatorPermissions } from "./platform/permissions.ts";
import { openSealing } from "./platform/sealing.ts";
import { type HttpService, openServer } from "./platform/server.ts";
import { openSigning } from "./platform/signing.ts";
import { diskGuard } from "./platform/storage.ts";
import { type JobWorker, openWorker } from "./platform/worker/worker.ts";
import { RouteCache } from "./redirect/cache.ts";
import { clientReader } from "./redirect/client.ts";
import { redirectHandler } from "./redirect/handler.ts";
import { VERSION } from "./version.ts";

export interface AppOptions {
  readonly config: Config;
  readonly clock: Clock;
  readonly log: Logger;
}

export interface App {
  readonly ports: Ports;
  readonly api: Api;
  readonly server: HttpService;
  readonly worker: JobWorker;
  readonly firstRun: FirstRunState;
  /** Carries out what the configuration asks of an empty or moved installation; `serve` does it by itself. */
  settleSetup(): Promise<void>;
  /** Opens the port. Without it the app is there for the command line alone. */
  serve(): Promise<void>;
  /** Stops everything in reverse and closes the data folder; may be called twice. */
  stop(): Promise<void>;
}

/** What an app stands on. Tests bring their own database and clicks. */
export interface Foundations extends AppOptions {
  readonly dataDir: string;
  readonly db: Database;
  readonly clicks: Clicks;
  readonly installation: Installation;
  /** Tests bring a door that asks their own DNS and trusts their own certificates. */
  readonly outbound?: Outbound;
  /** Tests bring time that is moved by hand, and jobs of their own. */
  readonly after?: After | undefined;
  readonly moreJobs?: readonly JobType[] | undefined;
  readonly mail?: MailTransport | undefined;
}

/** Puts the whole product together. This is the only file that knows every room. */
export async function assembleApp({
  config,
  clock,
  log,
  dataDir,
  db,
  clicks,
  installation,
  outbound = outboundOf(config),
  after,
  moreJobs,
  mail,
}: Foundations): Promise<App> {
  /** Requests whose browser spoke TLS to a proxy we trust. */
  const secure = new WeakSet<Request>();
  const trusted = config.WAYPOST_TRUSTED_PROXIES.map((one) => parseNetwork(one)!);
  const firstRun = openFirstRun({
    ports: () => ports,
    installation,
    schemeOf: (request) => (secure.has(request) ? "https" : "http"),
  });
  const keys = openKeyAuthentication({ db, clock, log });
  const routing = await openRouting(db, firstRun.baseUrl);
  const routes = new RouteCache({ resolve: routing.resolve, linksMax: config.WAYPOST_CACHE_LINKS });
  const keyring = openKeyring(dataDir);
  const ports: Ports = {
    db,
    clicks,
    clock,
    config,
    log,
    outbound,
    running: new Set(),
    cursors: openCursors(keyring.cursors),
    mail: mail ?? openTransport({ config, baseUrl: firstRun.baseUrl }),
    unsubscribeSecret: keyring.unsubscribe,
    keyring,
    seal: openSealing(keyring.sealing),
    signing: await openSigning({ dataDir, clock, installationId: installation.installationId }),
    passwords: openPasswords(),
    baseUrl: firstRun.baseUrl,
    heard(event) {
      routing.heard(event, routes);
      keys.heard(event);
      people.heard(event);
    },
    enqueued: (jobs) => worker.enqueued(jobs),
  };
  const worker = openWorker({
    ports,
    context: () => ports,
    types: [writeLetterJob, identityUpkeepJob, sendMailJob, mailUpkeepJob, ...(moreJobs ?? [])],
    stopMs: config.WAYPOST_SHUTDOWN_TIMEOUT,
    after,
    startThread: startHeavyThread,
  });

  const cookies = openCookies({
    baseUrl: firstRun.baseUrl,
    isSecure: (request) => secure.has(request),
    csrfSecret: keyring.csrf,
  });
  const people = openPeople(ports, cookies);
  const authenticate = openCallers({
    people,
    applications: keys,
    memberships: openMemberships(db),
    operatorPermissions,
  });
  const metrics = openMetrics({
    clicks,
    cached: () => routes.size,
    ready: () => Object.keys(problems()).length === 0,
  });
  const api = openApiLater({
    ports,
    authenticate,
    limits: {
      key: openLimiter("key", config.WAYPOST_RATE_LIMIT),
      anonymous: openLimiter("address", config.WAYPOST_RATE_LIMIT_ANONYMOUS),
    },
    closed: () => (firstRun.needed() ? notSetUp() : null),
    full: diskGuard(dataDir, config.WAYPOST_DISK_RESERVE, clock),
    observe: metrics.observe,
    features: (guard, app) => [
      setupRoutes(guard, firstRun),
      authRoutes(guard, cookies),
      credentialRoutes(guard, cookies),
      passkeyRoutes(guard, cookies),
      accountRoutes(guard),
      identityRoutes(guard),
      workspaceRoutes(guard),
      keyRoutes(guard),
      domainRoutes(guard),
      mailRoutes(guard),
      linkRoutes(guard),
      analyticsRoutes(guard),
      referenceRoutes(guard, app, VERSION),
    ],
  });

  /** For what a person does who is nobody here. */
  const unasked = (): Context => ({
    ...ports,
    actor: systemActor(null, []),
    origin: { requestId: null, network: null, userAgent: null },
    at: clock.now(),
    target: "",
    idempotencyKey: null,
  });

  const redirect = redirectHandler({
    routes,
    record: clicks.record,
    claim: clicks.claim,
    exhausted: clicks.exhausted,
    consumes: (facts) => judge(facts).verdict === "human",
    clock,
    trustedProxies: trusted,
    listensOn: config.WAYPOST_HOST,
    failed: (what, error) => log.error("a visitor was answered in spite of a failure", { what, error }),
  });
  const problems = (): Problems => ({
    ...(serving ? {} : { http: "starting or stopping" }),
    ...(server.stopping ? { http: "stopping" } : {}),
    ...(db.problem() ? { database: db.problem()! } : {}),
    ...(clicks.health().problem ? { clicks: clicks.health().problem! } : {}),
  });
  const health = healthAnswers({ problems, metrics, authenticate });
  const addressOf = clientReader(trusted);
  const pace = openPace();
  const server = openServer({
    config,
    redirect,
    paths: {
      ...health.guarded,
      api(request, peers) {
        if (cameBySecure(request, unmapped(peers.requestIP(request)?.address ?? ""), trusted))
          secure.add(request);
        const address = addressOf(request, peers);
        if (pace.isFull()) return api.refuse(request, overloaded());
        return (
          docsPage(request) ?? unsubscribePage(request, unasked) ?? pace(() => api.fetch(request, address))
        );
      },
      admin: adminPage,
      "robots.txt": () =>
        new Response("User-agent: *\nDisallow: /\n", { headers: { "content-type": "text/plain" } }),
    },
    privatePaths: health.open,
    baseHost: () => hostOf(firstRun.baseUrl()),
    log,
  });
  const mirror = openTotalsMirror({ db, clicks, log });
  let serving = false;
  const services = startInOrder([server, openLocalDoor(api, dataDir, log), mirror, worker]);

  return {
    ports,
    api,
    server,
    worker,
    firstRun,
    settleSetup: () => firstRun.begin(`http://localhost:${config.WAYPOST_PORT}`),
    async serve() {
      await services.start();
      await firstRun.begin(reachable(server.url));
      serving = true;
    },
    stop: services.stop,
  };
}

const outboundOf = (config: Config): Outbound =>
  openOutbound({
    allow: config.WAYPOST_OUTBOUND_ALLOW,
    deny: config.WAYPOST_OUTBOUND_DENY,
    userAgent: `Waypost/${VERSION}`,
  });

const notSetUp = () =>
  new AppError(
    "UNAVAILABLE",
    "This installation has not been set up. Open /admin with the code the server has printed.",
  );

const overloaded = () =>
  new AppError("UNAVAILABLE", "Too many calls at once. Try again in a moment.", {
    headers: { "retry-after": "1" },
  });

const hostOf = (baseUrl: string | null): string | null =>
  baseUrl === null ? null : new URL(baseUrl).hostname;

const cameBySecure = (request: Request, peer: string, trusted: readonly Network[]): boolean =>
  request.headers.get("x-forwarded-proto") === "https" && isWithin(peer, trusted);
