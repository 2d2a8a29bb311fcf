import type { Clicks } from "../clicks/clicks.ts";
import type { Config } from "../config.ts";
import type { Database } from "../db/database.ts";
import type { Clock } from "../lib/clock.ts";
import { AppError } from "../lib/errors.ts";
import type { Id } from "../lib/ids.ts";
import type { Logger } from "../lib/log.ts";
import type { Outbound } from "../lib/outbound/outbound.ts";
import type { Dns } from "../lib/outbound/records.ts";
import type { Passwords } from "../lib/passwords.ts";
import type { Denials } from "./denials.ts";
import type { Event } from "./events.ts";
import type { Enqueued } from "./jobs/enqueue.ts";
import type { Keyring } from "./keyring.ts";
import type { MailTransport } from "./mail/transport.ts";
import type { Cursors } from "./paging.ts";
import type { Permission } from "./permissions.ts";
import type { SealedColumn } from "./resealing.ts";
import type { Sealer } from "./sealing.ts";
import type { Signing } from "./signing.ts";
import type { Compute } from "./worker/compute.ts";

/** Everything outside the process, behind small doors. Built once in app.ts. */
export interface Ports {
  readonly db: Database;
  readonly clicks: Clicks;
  readonly clock: Clock;
  readonly config: Config;
  readonly log: Logger;
  /** The one door to other servers. Never inside `change`: work there may run again, and others wait for it. */
  readonly outbound: Outbound;
  /** What the world's DNS says; asked as `outbound` is, never inside `change`. */
  readonly dns: Dns;
  /** Idempotency keys whose first request is still running in this process; `once` keeps it. */
  readonly running: Set<string>;
  /** Seals and opens the cursors of lists. */
  readonly cursors: Cursors;
  /** The way to the operator's mail server. Verbs queue mail (`queueMail`); only the job that sends it asks this. */
  readonly mail: MailTransport;
  /** Keeps secrets that must be read again: `ctx.seal.seal(text, "totp usr_…")`. */
  readonly seal: Sealer;
  /** Every column that is kept so. */
  readonly sealed: readonly SealedColumn[];
  readonly keyring: Keyring;
  /** Signs the links that end a topic of mail. */
  readonly unsubscribeSecret: string;
  /** Makes and reads access tokens. */
  readonly signing: Signing;
  /** Hashes passwords off the main thread, a few at once. */
  readonly passwords: Passwords;
  /** The origin of the admin page and the API (`https://links.example.com`); null before setup has fixed it. */
  baseUrl(): string | null;
  /** Puts on record what was refused, however often it was tried. */
  readonly denials: Pick<Denials, "note">;
  /** The folder of all that is kept. A feature has a folder of its own in it. */
  readonly dataDir: string;
  /** Tells this process's caches what was just committed. */
  heard(event: Event): void;
  readonly jobs: JobLoop;
  /** Runs a task on a thread while its request waits: for what takes a core for longer than visitors should wait. */
  readonly compute: Compute;
}

/** The job loop of this process, as verbs see it. */
export interface JobLoop {
  /** Jobs were committed: those that are due begin at once. */
  enqueued(jobs: readonly Enqueued[]): void;
  /** Tells a running job to stop, in whichever process it runs. */
  cancel(id: Id<"job">): void;
  /** Calls back whenever something about the job has changed in this process. Answers what ends it. */
  watch(id: Id<"job">, changed: () => void): () => void;
  /** The queue of a job by its name; null for one without code. */
  queueOf(name: string): string | null;
  readonly stopping: boolean;
}

/** Who asks. */
export interface Actor {
  readonly kind: "user" | "key" | "job" | "system";
  /** `usr_…` for a person, whatever they show; else `key_…`, or a name. */
  readonly id: string;
  /** Null for operators, and for people before they have chosen a workspace. */
  readonly workspaceId: Id<"ws"> | null;
  readonly permissions: ReadonlySet<Permission>;
  /** The person behind the call; null for programs that act for themselves. */
  readonly person: Person | null;
  /** The key the call was made with, also beside a person; null without one. */
  readonly application: Application | null;
}

/** Somebody who has shown who they are. */
export interface Person {
  readonly userId: Id<"usr">;
  /** Null for a personal token, which is no session. */
  readonly sessionId: Id<"ses"> | null;
  /** When they last gave a password, a code or a passkey; null for a personal token. */
  readonly provedAt: number | null;
  /** Runs the installation. */
  readonly operator: boolean;
  /** What a personal token is limited to; null for all the person may. */
  readonly scopes: ReadonlySet<Permission> | null;
  /** The personal token they used. */
  readonly tokenId?: Id<"key">;
}

/** A program that has shown its key. */
export interface Application {
  readonly keyId: Id<"key">;
  readonly kind: "secret" | "publishable" | "extension";
  /** Null for an operator's key. For a test key, the test side of its workspace. */
  readonly workspaceId: Id<"ws"> | null;
  readonly environment: "live" | "test";
  readonly permissions: ReadonlySet<Permission>;
  /** Name of its rate tier; null for the default. */
  readonly tier: string | null;
}

/** Where a request came from, as it is kept with what it did. */
export interface Origin {
  readonly requestId: string | null;
  /** The cut address: /24 or /48. */
  readonly network: string | null;
  readonly userAgent: string | null;
}

/** What every verb takes first: the ports, and who is asking. */
export interface Context extends Ports {
  readonly actor: Actor;
  readonly origin: Origin;
  /** When the request arrived, in milliseconds since 1970. */
  readonly at: number;
  /** What is asked: method, path, query and If-Match. A retry asks the same. */
  readonly target: string;
  /** The client's whole address, for counting tries and nothing else: it is never stored. Null when there is none. */
  readonly client?: string | null;
  /** The Idempotency-Key of a POST; null without one. */
  readonly idempotencyKey: string | null;
  /** Set while a POST with an Idempotency-Key runs: `change` stores the answer with the effect. */
  readonly once?: Once;
}

/** An answer that is stored in the transaction of its effect, so that a retry finds both or neither. */
export interface Once {
  readonly id: string;
  readonly requestHash: string;
  readonly status: number;
  /** The whole body of the answer for what the change returned. */
  render(result: unknown): string;
  /** What was stored; null until then. */
  stored: string | null;
}

/** The workspace the caller acts in. */
export function workspaceOf(ctx: Pick<Context, "actor">): Id<"ws"> {
  if (ctx.actor.workspaceId === null)
    throw new AppError(
      "FORBIDDEN",
      "This needs a workspace: send X-Workspace-Id, or a key of the workspace.",
    );
  return ctx.actor.workspaceId;
}

/** The program itself, for work that nobody asked for. */
export const systemActor = (workspaceId: Id<"ws"> | null, granted: readonly Permission[]): Actor => ({
  kind: "system",
  id: "system",
  workspaceId,
  permissions: new Set(granted),
  person: null,
  application: null,
});
