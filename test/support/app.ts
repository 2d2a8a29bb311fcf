import { copyFileSync } from "node:fs";
import { join } from "node:path";
import { type App, assembleApp } from "../../src/app.ts";
import type { Clicks } from "../../src/clicks/clicks.ts";
import { type Config, loadConfig } from "../../src/config.ts";
import type { Database } from "../../src/db/database.ts";
import { openInstallation } from "../../src/features/installation/installation.ts";
import type { Id } from "../../src/lib/ids.ts";
import { type Logger, silentLog } from "../../src/lib/log.ts";
import type { Outbound } from "../../src/lib/outbound/outbound.ts";
import type { ApiOptions } from "../../src/platform/api.ts";
import type { People } from "../../src/platform/callers.ts";
import { type Context, systemActor } from "../../src/platform/context.ts";
import type { JobType } from "../../src/platform/jobs/job.ts";
import { localOperator } from "../../src/platform/local-door.ts";
import type { MailTransport } from "../../src/platform/mail/transport.ts";
import { permissions, type Role, roles } from "../../src/platform/permissions.ts";
import type { VisitorPorts } from "../../src/redirect/visitor.ts";
import { type HandClock, handClock } from "./clock.ts";
import { openTestDatabase } from "./database.ts";
import { type DnsServer, openDns } from "./dns.ts";
import { freshFolder } from "./sqlite.ts";

export interface TestApp {
  readonly app: App;
  readonly db: Database;
  readonly clock: HandClock;
  readonly dataDir: string;
  /** The owner's key of the first workspace. */
  readonly owner: string;
  /** A further key of the first workspace with this role. */
  keyOf(role: Role): Promise<string>;
  /** An owner's key of another workspace. */
  stranger(): Promise<string>;
  call(method: string, path: string, options?: CallOptions): Promise<Answer>;
  /** The same as the operator of the installation. */
  operate(method: string, path: string, body?: unknown): Promise<Answer>;
  /** Types of all events so far, oldest first. */
  events(): Promise<string[]>;
  /** Sends a visitor; `url` is whole, redirects are not followed. */
  visit(url: string, init?: RequestInit): Promise<Response>;
  close(): Promise<void>;
}
export interface CallOptions {
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
  /** The owner's when left out; null for nobody. */
  readonly key?: string | null;
  readonly address?: string;
}
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers as they come
  readonly body: any;
  readonly text: string;
}

export interface TestAppOptions {
  readonly env?: Record<string, string>;
  readonly clicks?: (
    dataDir: string,
    installationId: string,
    clock: HandClock,
  ) => Promise<Clicks & { stop(): Promise<void> }>;
  readonly log?: Logger;
  /** The door outwards; without it, the one that `env` describes. */
  readonly outbound?: Outbound;
  readonly jobs?: readonly JobType[];
  readonly routes?: ApiOptions["features"];
  /** The way mail goes; by the settings when left out. */
  readonly mail?: (config: Config) => MailTransport;
  /** A second process on the database of another app, which is closed last. */
  readonly beside?: Pick<TestApp, "db" | "clock" | "dataDir">;
  /** Who people are; without it nobody signs in. */
  readonly people?: People;
  /** What is known of visitors: places, networks. */
  readonly visitors?: Partial<VisitorPorts>;
  /** Leave the installation as it is on the first day. */
  readonly fresh?: boolean;
}

const OWNER = `owner-key-${"0".repeat(40)}`;

/** The real app over a fresh database, on a clock moved by hand. Without `clicks`, none are recorded. */
export async function testApp(options: TestAppOptions = {}): Promise<TestApp> {
  const clock = options.beside?.clock ?? handClock();
  const db = options.beside?.db ?? (await openTestDatabase(clock));
  const dataDir = freshFolder();
  // Processes on one database share a key ring.
  if (options.beside) copyFileSync(join(options.beside.dataDir, "keys.json"), join(dataDir, "keys.json"));
  const env = { WAYPOST_DNS_SERVERS: (await emptyWorld()).at, ...options.env };
  const config = testConfig(options.fresh ? env : { WAYPOST_SETUP_KEY: OWNER, ...env });
  const installation = await openInstallation(db);
  const clicks = await (options.clicks ?? noClicks)(dataDir, installation.installationId, clock);
  const app = await assembleApp({
    config,
    clock,
    log: options.log ?? silentLog,
    dataDir,
    db,
    clicks,
    installation,
    ...(options.outbound ? { outbound: options.outbound } : {}),
    after: clock.after,
    moreJobs: options.jobs,
    moreRoutes: options.routes,
    mail: options.mail?.(config),
    people: options.people,
    visitors: options.visitors,
    // What is remembered for a while is remembered until the test's clock is moved.
    monotonic: clock,
  });
  await app.serve();

  const call: TestApp["call"] = async (
    method,
    path,
    { body, headers, key = OWNER, address = "192.0.2.1" } = {},
  ) => {
    const request = new Request(`http://links.test/api/v1${path}`, {
      method,
      headers: {
        ...(key === null ? {} : { authorization: `Bearer ${key}` }),
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
    });
    return read(await app.api.fetch(request, address));
  };

  return {
    app,
    db,
    clock,
    dataDir,
    owner: OWNER,
    call,
    async keyOf(role) {
      const { body } = await call("POST", "/keys", { body: { name: role, permissions: roles[role] } });
      return body.data.secret;
    },
    stranger: () => otherWorkspace(db, clock, app),
    async operate(method, path, body) {
      const request = new Request(`http://links.test/api/v1${path}`, {
        method,
        ...(body === undefined
          ? {}
          : { headers: { "content-type": "application/json" }, body: JSON.stringify(body) }),
      });
      return read(await app.api.fetchAs(request, localOperator(request)));
    },
    events: async () =>
      (await db.read.select().from(db.tables.events).orderBy(db.tables.events.id)).map(({ type }) => type),
    visit: (url, init) => {
      const { host, pathname, search } = new URL(url);
      return fetch(`http://127.0.0.1:${app.server.port}${pathname}${search}`, {
        redirect: "manual",
        ...init,
        headers: { host, "user-agent": BROWSER, ...(init?.headers as Record<string, string>) },
      });
    },
    async close() {
      await app.stop();
      await clicks.stop();
      if (!options.beside) await db.close();
    },
  };
}

/** A DNS that knows no name: what domains are in the world is no affair of most tests. */
const emptyWorld = (): Promise<DnsServer> => {
  nothing ??= openDns(() => ({ fails: "missing" }), { lasting: false });
  return nothing;
};
let nothing: Promise<DnsServer> | undefined;

export const BROWSER =
  "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36";

export const testConfig = (env: Record<string, string> = {}): Config =>
  loadConfig(
    {
      WAYPOST_PORT: "0",
      WAYPOST_BASE_URL: "http://links.test",
      WAYPOST_RATE_LIMIT: "0",
      WAYPOST_RATE_LIMIT_ANONYMOUS: "0",
      WAYPOST_DISK_RESERVE: "0B",
      ...env,
    },
    () => "",
  ).config;

async function read(response: Response): Promise<Answer> {
  const text = await response.text();
  let body: unknown = null;
  try {
    body = JSON.parse(text);
  } catch {}
  return { status: response.status, headers: response.headers, body, text };
}

async function otherWorkspace(db: Database, clock: HandClock, app: App): Promise<string> {
  const id = `ws_${"0".repeat(20)}strngr` as const;
  await db.transaction(async (tx) => {
    const [known] = await tx.select().from(db.tables.workspaces).limit(100);
    if (known?.id === id) return;
    await tx
      .insert(db.tables.workspaces)
      .values({ id, name: "Other", defaultDomainId: null, createdAt: clock.now(), updatedAt: clock.now() })
      .onConflictDoNothing();
  });
  const request = new Request("http://localhost/api/v1/keys", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ name: "stranger", permissions: roles.owner }),
  });
  const actor = { ...systemActor(id, permissions), id: "test" };
  const answer = await read(await app.api.fetchAs(request, actor));
  return (answer.body as { data: { secret: string } }).data.secret;
}

/** What a verb gets when the program itself calls it. */
export const contextOf = (
  { app, clock }: Pick<TestApp, "app" | "clock">,
  workspaceId: Id<"ws"> | null,
): Context => ({
  ...app.ports,
  actor: systemActor(workspaceId, []),
  origin: { requestId: null, network: null, userAgent: null },
  at: clock.now(),
  target: "",
  idempotencyKey: null,
});

/** For tests that are not about clicks. */
export const noClicks = async (): Promise<Clicks & { stop(): Promise<void> }> => ({
  record: () => {},
  throttled: () => {},
  claim: () => true,
  exhausted: () => false,
  used: () => 0,
  dailyKey: ({ domainId, address, userAgent }) =>
    new Bun.CryptoHasher("sha256")
      .update(`${domainId} ${address} ${userAgent}`)
      .digest("base64url")
      .slice(0, 22),
  query: async () => ({ rows: [], exact: true }),
  totals: async () => [],
  totalsSince: async () => [],
  sequenceAtStart: async () => Number.MAX_SAFE_INTEGER,
  ledger: async () => [],
  forget: async () => {},
  settled: async () => {},
  health: () => ({ recorded: 0, unrecorded: {}, quarantined: 0, lagBytes: 0, folded: 0, problem: null }),
  stop: async () => {},
});
