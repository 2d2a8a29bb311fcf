import { callersOf } from "./app/callers.ts";
import { featureRoutes, jobTypes, sealedColumns } from "./app/features.ts";
import { cameBySecure, frontPaths, hostOf } from "./app/front.ts";
import { jobLoopLater } from "./app/job-loop.ts";
import { outboundOf } from "./app/outbound.ts";
import { linkLocks, visitorPorts } from "./app/visitors.ts";
import type { Clicks } from "./clicks/clicks.ts";
import { judge } from "./clicks/enrich/verdict.ts";
import type { Config } from "./config.ts";
import type { Database } from "./db/database.ts";
import { openTotalsMirror } from "./features/analytics/mirror.ts";
import { openServedFiles } from "./features/domains/serve-files.ts";
import { openOtherSide } from "./features/environments/other-side.ts";
import { openCookies } from "./features/identity/cookie.ts";
import { openPeople } from "./features/identity/people.ts";
import type { Installation } from "./features/installation/installation.ts";
import { forgetLostKeys } from "./features/keyring/keyring.ts";
import { openKeyAuthentication } from "./features/keys/authenticate.ts";
import { openRouting } from "./features/routing/routing.ts";
import { notSetUp } from "./features/setup/errors.ts";
import { type FirstRunState, openFirstRun } from "./features/setup/first-run.ts";
import { openTiers } from "./features/tiers/known.ts";
import { openMemberships } from "./features/workspaces/memberships.ts";
import { startHeavyThread } from "./heavy.ts";
import { type After, type Clock, systemAfter } from "./lib/clock.ts";
import { parseNetwork, unmapped } from "./lib/ip.ts";
import type { Logger } from "./lib/log.ts";
import type { Outbound } from "./lib/outbound/outbound.ts";
import { openDns } from "./lib/outbound/records.ts";
import { openPasswords } from "./lib/passwords.ts";
import { startInOrder } from "./lib/service.ts";
import { reachable } from "./lib/url.ts";
import { type Api, type ApiOptions, openApiLater } from "./platform/api.ts";
import type { People } from "./platform/callers.ts";
import { type Context, type Ports, systemActor } from "./platform/context.ts";
import { type Denials, openDenials } from "./platform/denials.ts";
import { healthAnswers, type Problems } from "./platform/health.ts";
import type { JobType } from "./platform/jobs/job.ts";
import { openKeyring } from "./platform/keyring.ts";
import { openLimits } from "./platform/limits/limits.ts";
import { openLocalDoor } from "./platform/local-door.ts";
import { type MailTransport, openTransport } from "./platform/mail/transport.ts";
import { openMetrics } from "./platform/metrics.ts";
import { openCursors } from "./platform/paging.ts";
import { openSealer } from "./platform/sealing.ts";
import { settleSealingKeys } from "./platform/sealing-keys.ts";
import { type HttpService, openServer } from "./platform/server.ts";
import { openSigning } from "./platform/signing.ts";
import { diskGuard } from "./platform/storage.ts";
import { openCompute } from "./platform/worker/compute.ts";
import { type JobWorker, openWorker } from "./platform/worker/worker.ts";
import { RouteCache } from "./redirect/cache.ts";
import { clientReader } from "./redirect/client.ts";
import { redirectHandler } from "./redirect/handler.ts";
import { openMisses } from "./redirect/misses.ts";
import type { VisitorPorts } from "./redirect/visitor.ts";

export interface AppOptions {
  readonly config: Config;
  readonly clock: Clock;
  readonly log: Logger;
  /** Give up what was sealed with keys that are not on the ring, instead of refusing to start without them. */
  readonly forgetLostKeys?: boolean | undefined;
}

export interface App {
  readonly ports: Ports;
  readonly api: Api;
  readonly server: HttpService;
  readonly worker: JobWorker;
  readonly denials: Denials;
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
  readonly moreRoutes?: ApiOptions["features"] | undefined;
  readonly mail?: MailTransport | undefined;
  /** Tests bring people who need not sign in, and time that passes by hand. */
  readonly people?: People | undefined;
  readonly monotonic?: { now(): number } | undefined;
  /** Tests bring databases of places and networks. */
  readonly visitors?: Partial<VisitorPorts> | undefined;
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
  moreRoutes,
  mail,
  forgetLostKeys: isForgetting,
  people: others,
  monotonic,
  visitors: givenVisitors,
}: Foundations): Promise<App> {
  /** Requests whose browser spoke TLS to a proxy we trust. */
  const secure = new WeakSet<Request>();
  const trusted = config.WAYPOST_TRUSTED_PROXIES.map((one) => parseNetwork(one)!);
  const firstRun = openFirstRun({
    ports: () => ports,
    installation,
    schemeOf: (request) => (secure.has(request) ? "https" : "http"),
  });
  const memberships = openMemberships({ db, monotonic });
  const keys = openKeyAuthentication({ db, clock, log, memberships });
  const tiers = await openTiers({ db, config, log });
  const limits = openLimits({ db, clock, log, config, limitsOf: tiers.of, after });
  const routing = await openRouting(db, firstRun.baseUrl, config);
  const visitors = visitorPorts(clicks, givenVisitors);
  const routes = new RouteCache({ resolve: routing.resolve, linksMax: config.WAYPOST_CACHE_LINKS });
  const keyring = openKeyring(dataDir, config.WAYPOST_KEYRING);
  const denials = openDenials({ clock, log, after: after ?? systemAfter });
  const ports: Ports = {
    denials,
    db,
    clicks,
    clock,
    config,
    log,
    outbound,
    dns: openDns(config.WAYPOST_DNS_SERVERS),
    running: new Set(),
    cursors: openCursors(keyring.cursors),
    mail: mail ?? openTransport({ config, baseUrl: firstRun.baseUrl }),
    seal: openSealer(keyring),
    sealed: sealedColumns,
    keyring,
    unsubscribeSecret: keyring.unsubscribe,
    signing: await openSigning({ keyring, clock, installationId: installation.installationId }),
    passwords: openPasswords(),
    compute: openCompute(startHeavyThread),
    baseUrl: firstRun.baseUrl,
    dataDir,
    heard(event) {
      routing.heard(event, routes);
      keys.heard(event);
      memberships.heard(event);
      tiers.heard(event);
      people.heard(event);
    },
    jobs: jobLoopLater(() => worker),
  };
  const worker = openWorker({
    ports,
    context: () => ports,
    types: [...jobTypes, ...(moreJobs ?? [])],
    stopMs: Math.min(config.WAYPOST_SHUTDOWN_TIMEOUT, JOBS_STOP_MS),
    after,
    startThread: startHeavyThread,
    observe: (job) => metrics.observeJob(job),
  });

  const cookies = openCookies({
    baseUrl: firstRun.baseUrl,
    isSecure: (request) => secure.has(request),
    csrfSecret: keyring.csrf,
  });
  const people = openPeople(ports, cookies, monotonic);
  const authenticate = callersOf({ keys, people, others, memberships });
  const metrics = openMetrics({
    clicks,
    db,
    jobs: { db, health: () => worker.health(), queueOf: (name) => worker.queueOf(name), clock },
    cached: () => routes.size,
    ready: () => Object.keys(problems()).length === 0,
  });
  const api = openApiLater({
    ports,
    authenticate,
    take: limits.take,
    closed: () => (firstRun.needed() ? notSetUp() : null),
    full: diskGuard(dataDir, config.WAYPOST_DISK_RESERVE, clock),
    observe: metrics.observe,
    elsewhere: openOtherSide(db),
    knowsOrigin: keys.knowsOrigin,
    features: (...of) => [
      ...featureRoutes(...of, { firstRun, cookies, stage: { routing, visitors } }),
      ...(moreRoutes?.(...of) ?? []),
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

  if (isForgetting) await forgetLostKeys(unasked());
  await settleSealingKeys(ports, keyring);

  const redirect = redirectHandler({
    routes,
    record: clicks.record,
    claim: clicks.claim,
    exhausted: clicks.exhausted,
    consumes: (facts) => judge(facts).verdict === "human",
    used: clicks.used,
    visitors,
    locks: linkLocks(ports, unasked),
    secure: (request, peers) =>
      cameBySecure(request, unmapped(peers.requestIP(request)?.address ?? ""), trusted),
    misses: openMisses(config.WAYPOST_MISS_LIMIT),
    throttled: clicks.throttled,
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
  const addressOf = clientReader(trusted);
  const warnings = (): Problems =>
    db.log()?.starved
      ? { database: "The write-ahead log grows: something has been reading the database for long." }
      : {};
  const health = healthAnswers({ problems, warnings, metrics, identify: api.identify, addressOf });
  const server = openServer({
    config,
    redirect,
    paths: {
      ...health.guarded,
      ...frontPaths({
        api,
        trusted,
        secure,
        addressOf,
        unasked,
        redirect,
        files: openServedFiles(db, config),
      }),
    },
    privatePaths: health.open,
    baseHost: () => hostOf(firstRun.baseUrl()),
    log,
  });
  const mirror = openTotalsMirror({ db, clicks, log });
  let serving = false;
  const services = startInOrder([
    limits.service,
    server,
    openLocalDoor(api, dataDir, log),
    mirror,
    worker,
    denials,
  ]);

  return {
    ports,
    api,
    server,
    worker,
    denials,
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

/** What takes longer than this is handed back, and goes on after the restart. */
const JOBS_STOP_MS = 5000;
