import { AppError } from "../lib/errors.ts";
import { type Id, isId } from "../lib/ids.ts";
import { pathOf } from "../lib/url.ts";
import type { Actor, Application, Person } from "./context.ts";
import { type Permission, personPermissions } from "./permissions.ts";

/** Somebody who was known, and not let in: a key that is right, from where it may not be used. */
export class TurnedAway extends AppError {
  readonly actor: Actor;
  readonly reason: "address" | "origin" | "extension";
  constructor(actor: Actor, reason: TurnedAway["reason"], message: string) {
    super("FORBIDDEN", message);
    this.actor = actor;
    this.reason = reason;
  }
}

/** How people show who they are. */
export interface People {
  /** The person of an access token or a personal token, from this address; null when the text is neither. @throws AppError INVALID_TOKEN */
  byBearer(token: string, address: string): Promise<Person | null>;
  /** The person of the session cookie; null without one. @throws AppError for a write without its CSRF token */
  byCookie(request: Request): Promise<Person | null>;
}

/** How programs show who they are. */
export interface Applications {
  /**
   * The program whose key the request carries, `bearer` first; null without one.
   * @param address the client's, whole
   * @throws AppError INVALID_API_KEY, or FORBIDDEN for a key that may not be used from there
   */
  of(request: Request, bearer: string | null, address: string): Promise<Application | null>;
}

/** What a person may do in a workspace. */
export interface Memberships {
  /** Null when they are not a member, or the workspace is no more. A test side has the members of its live side. */
  permissionsOf(person: Person, workspaceId: Id<"ws">): Promise<ReadonlySet<Permission> | null>;
  /** False once the workspace was deleted: its keys open nothing then. */
  isOpen(workspaceId: Id<"ws">): Promise<boolean>;
}

export interface CallerPorts {
  readonly people: People;
  readonly applications: Applications;
  readonly memberships: Memberships;
  /** What the operator of the installation may do beside that. */
  readonly operatorPermissions: readonly Permission[];
}

/**
 * Who asks, in the order of the API's documents: bearer, extension, API key, id and secret, then the cookie. A key and
 * a person on one call: the key gives workspace, environment and tier, the person the name, and both must be allowed.
 */
export function openCallers({ people, applications, memberships, operatorPermissions }: CallerPorts) {
  async function actorOfPerson(person: Person, workspaceId: Id<"ws"> | null): Promise<Actor> {
    const own = new Set<Permission>([...personPermissions, ...(person.operator ? operatorPermissions : [])]);
    const granted = workspaceId === null ? own : await memberships.permissionsOf(person, workspaceId);
    if (granted === null)
      throw new AppError("NOT_FOUND", "There is no such workspace, or you are not in it.");
    const allowed = workspaceId === null ? own : granted.union(own);
    return {
      kind: "user",
      id: person.userId,
      workspaceId,
      permissions: person.scopes === null ? allowed : allowed.intersection(person.scopes),
      person,
      application: null,
    };
  }

  async function refuseClosed(workspaceId: Id<"ws">): Promise<void> {
    if (!(await memberships.isOpen(workspaceId)))
      throw new AppError("INVALID_API_KEY", "The workspace of this API key was deleted.");
  }

  return async (request: Request, address: string): Promise<Actor | null> => {
    const bearer = bearerOf(request);
    const named = bearer === null ? null : await people.byBearer(bearer, address);
    const application = await applications.of(request, named === null ? bearer : null, address);
    if (application !== null && application.workspaceId !== null) await refuseClosed(application.workspaceId);
    const person = named ?? (application === null ? await people.byCookie(request) : null);
    if (person === null) return application && actorOfApplication(application);
    if (application === null) return actorOfPerson(person, wantedWorkspace(request));
    const both = await actorOfPerson(person, application.workspaceId);
    return { ...both, permissions: both.permissions.intersection(application.permissions), application };
  };
}

const actorOfApplication = (application: Application): Actor => ({
  kind: "key",
  id: application.keyId,
  workspaceId: application.workspaceId,
  permissions: application.permissions,
  person: null,
  application,
});

/** The workspace in the path, or else the one of `X-Workspace-Id`, as it was typed; null when neither names one. */
export const namedWorkspace = (request: Request): string | null =>
  IN_PATH.exec(pathOf(request.url))?.[1] ?? request.headers.get("x-workspace-id");

const IN_PATH = /^\/api\/v1\/workspaces\/(ws_[0-9a-z]+)(?=\/|$)/;

/** Where a person wants to act. */
function wantedWorkspace(request: Request): Id<"ws"> | null {
  const wanted = namedWorkspace(request);
  if (wanted === null) return null;
  if (!isId("ws", wanted))
    throw new AppError("VALIDATION_ERROR", "X-Workspace-Id must be the id of a workspace: ws_…");
  return wanted;
}

const bearerOf = (request: Request): string | null =>
  /^Bearer\s+(\S+)\s*$/i.exec(request.headers.get("authorization") ?? "")?.[1] ?? null;

/** Whether a request says at all who asks. */
export const bringsCredentials = ({ headers }: Request): boolean =>
  CREDENTIALS.some((name) => headers.has(name));

const CREDENTIALS = ["authorization", "x-api-key", "x-api-token-id", "x-waypost-token-id", "cookie"];

/** Whoever asks as a person; keys have no business here. @throws AppError FORBIDDEN */
export function personOf({ actor }: { readonly actor: Actor }): Person {
  if (actor.person === null) throw notAPerson();
  return actor.person;
}

const notAPerson = (): AppError =>
  new AppError("FORBIDDEN", "This is for people: sign in. A key cannot do it.");

/**
 * For what is dangerous and needs no person by its own logic: whoever works on the machine itself may do it, and a
 * person with a fresh proof.
 * @throws AppError FORBIDDEN
 */
export function assertFreshPersonOrLocal(ctx: { readonly actor: Actor; readonly at: number }): void {
  if (ctx.actor.kind !== "system") freshPersonOf(ctx);
}

/** How long a proof is fresh enough for what is dangerous. */
const FRESH_MS = 10 * 60_000;

/**
 * For what a borrowed session must not do: the person has to have proved who they are in the last ten minutes.
 * @throws AppError FORBIDDEN, with what to do
 */
export function freshPersonOf(ctx: { readonly actor: Actor; readonly at: number }): Person {
  const person = personOf(ctx);
  if (person.provedAt === null || ctx.at - person.provedAt > FRESH_MS)
    throw new AppError("FORBIDDEN", "Confirm that it is you: POST /auth/confirm, then try again.", {
      details: [{ path: "/auth/confirm", message: "a proof of the last ten minutes is needed" }],
    });
  return person;
}

/** The same for what keys and the local command line may do too: only a person has to be fresh. */
export function assertFresh(ctx: { readonly actor: Actor; readonly at: number }): void {
  if (ctx.actor.person !== null) freshPersonOf(ctx);
}
