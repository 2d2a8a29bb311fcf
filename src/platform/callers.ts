import { AppError } from "../lib/errors.ts";
import { type Id, isId } from "../lib/ids.ts";
import type { Actor, Application, Person } from "./context.ts";
import { type Permission, personPermissions } from "./permissions.ts";

/** How people show who they are. */
export interface People {
  /** The person of an access token or a personal token; null when the text is neither. @throws AppError INVALID_TOKEN */
  byBearer(token: string): Promise<Person | null>;
  /** The person of the session cookie; null without one. @throws AppError for a write without its CSRF token */
  byCookie(request: Request): Promise<Person | null>;
}

/** How programs show who they are. */
export interface Applications {
  /** The program whose key the request carries, `bearer` first; null without one. @throws AppError INVALID_API_KEY */
  of(request: Request, bearer: string | null): Promise<Application | null>;
}

/** What a person may do in a workspace. */
export interface Memberships {
  /** Null when they are not a member, or the workspace is no more. */
  permissionsOf(person: Person, workspaceId: Id<"ws">): Promise<ReadonlySet<Permission> | null>;
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

  return async (request: Request): Promise<Actor | null> => {
    const bearer = bearerOf(request);
    const named = bearer === null ? null : await people.byBearer(bearer);
    const application = await applications.of(request, named === null ? bearer : null);
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

/** `X-Workspace-Id`: where a person wants to act. */
function wantedWorkspace(request: Request): Id<"ws"> | null {
  const wanted = request.headers.get("x-workspace-id");
  if (wanted === null) return null;
  if (!isId("ws", wanted))
    throw new AppError("VALIDATION_ERROR", "X-Workspace-Id must be the id of a workspace: ws_…");
  return wanted;
}

const bearerOf = (request: Request): string | null =>
  /^Bearer\s+(\S+)\s*$/i.exec(request.headers.get("authorization") ?? "")?.[1] ?? null;

/** Whoever asks as a person; keys have no business here. @throws AppError FORBIDDEN */
export function personOf({ actor }: { readonly actor: Actor }): Person {
  if (actor.person === null)
    throw new AppError("FORBIDDEN", "This is for people: sign in. A key cannot do it.");
  return actor.person;
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
