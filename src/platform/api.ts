import { type AnyElysia, Elysia } from "elysia";
import { AppError } from "../lib/errors.ts";
import { networkOf } from "../lib/ip.ts";
import { pathOf } from "../lib/url.ts";
import { admit, refuseWhen } from "./admit.ts";
import { checkBody, readBody } from "./body.ts";
import { TurnedAway } from "./callers.ts";
import { type Actor, type Context, type Ports, systemActor } from "./context.ts";
import { accessDenied } from "./denials.ts";
import { everyAnswer, failure, type Stamp } from "./envelope.ts";
import { failures, foreseen, type Guard, guard, logBug } from "./http.ts";
import type { Allowance } from "./limits/counter.ts";
import { limitExceeded, limitHeaders } from "./limits/headers.ts";
import type { Observed } from "./metrics.ts";
import { type KnowsOrigin, preflight, showToPage } from "./pages.ts";
import {
  asAsked,
  checkAddress,
  idempotencyKeyOf,
  inTime,
  requestIdOf,
  targetOf,
  userAgentOf,
  wrongMethod,
} from "./request.ts";
import {
  isReading,
  type Match,
  mayBeElsewhere,
  type Names,
  namesOf,
  type RegisteredRoute,
  registeredRoutes,
  routeMatcher,
} from "./routes.ts";

/** Who asks, from the request's credentials and the client's address; null when it brings none. */
export type Authenticate = (request: Request, address: string) => Promise<Actor | null>;

export interface ApiOptions {
  readonly ports: Ports;
  readonly authenticate: Authenticate;
  /** Takes one call off what a caller may ask, or off a stranger's address; null when nothing limits it. */
  take(actor: Actor | null, address: string): Allowance | null;
  /** Why routes that need a permission are closed altogether; null once the installation is set up. */
  closed(): AppError | null;
  /** Why nothing may be written now (the disk is nearly full); null when all is well. */
  full(): AppError | null;
  observe(call: Observed): void;
  /** Why something is not found that is there for another key of the caller; null when it is simply not there. */
  elsewhere(actor: Actor, names: Names): Promise<AppError | null>;
  readonly knowsOrigin: KnowsOrigin;
  readonly features: (guard: Guard, app: AppInfo) => AnyElysia[];
}

/** What the features that describe the API itself need to know of it. */
export interface AppInfo {
  routes(): readonly RegisteredRoute[];
  elysia(): AnyElysia;
}

export interface Api {
  /** Answers a request from the network. `address` is the client's, whole. */
  fetch(request: Request, address: string): Promise<Response>;
  /** Answers a request of somebody who is known already: the local command line. */
  fetchAs(request: Request, actor: Actor): Promise<Response>;
  /**
   * Who asks, for answers beside the API; null for nobody. It counts as a call.
   * @throws AppError RATE_LIMITED, UNAVAILABLE, or what is wrong with the key
   */
  identify(request: Request, address: string): Promise<Actor | null>;
  /** Answers without looking at the request: there are too many already. */
  refuse(request: Request, error: AppError): Response;
  readonly routes: readonly RegisteredRoute[];
}

/**
 * The API, made when it is first asked for: registering and compiling its routes takes longer than all the rest of
 * the start, and visitors of short links need not wait for it.
 */
export function openApiLater(options: ApiOptions): Api {
  let made: Api | null = null;
  const api = () => {
    made ??= openApi(options);
    return made;
  };
  return {
    fetch: (request, address) => api().fetch(request, address),
    fetchAs: (request, actor) => api().fetchAs(request, actor),
    identify: (request, address) => api().identify(request, address),
    refuse: (request, error) => api().refuse(request, error),
    get routes() {
      return api().routes;
    },
  };
}

/** Longest that a file may take to come in. */
const FILE_MS = 15 * 60_000;

interface Caller extends Stamp {
  readonly match: Match;
  readonly actor: Actor | null;
  readonly address: string | null;
}

interface Asked {
  readonly actor: Actor | Error | null;
  readonly allowance: Allowance | null;
}

function settled({ actor, allowance }: Asked): Actor | null {
  if (allowance?.exceeded) throw limitExceeded(allowance);
  if (actor instanceof Error) throw actor;
  return actor;
}

const nobody: Actor = { ...systemActor(null, []), id: "anonymous" };

/** The API: who asks, how often, and whether they may, is settled here, before a body is read. */
export function openApi({
  ports,
  authenticate,
  take,
  closed,
  full,
  observe,
  elsewhere,
  knowsOrigin,
  features,
}: ApiOptions): Api {
  const callers = new WeakMap<Request, Caller>();
  const callerOf = (request: Request) => callers.get(request)!;
  const app: AnyElysia = new Elysia({ prefix: "/api/v1", normalize: false })
    .use(failures(callerOf, ports.log))
    .onParse(({ request }) => {
      const { match: found } = callerOf(request);
      if (found.kind === "route" && found.route.takesFile) return {};
      return readBody(request, ports.config.WAYPOST_BODY_LIMIT);
    });
  const guarded = guard((request) => contextOf(ports, request, callerOf(request)));
  for (const feature of features(guarded, { routes: () => routes, elysia: () => app })) app.use(feature);
  const routes = registeredRoutes(app);
  const match = routeMatcher(routes);

  const routeFor =
    ({ url }: Request) =>
    (method: string) =>
      routeOf(match(method, pathOf(url)));

  const longest = ({ takesFile }: RegisteredRoute): number =>
    takesFile ? FILE_MS : ports.config.WAYPOST_REQUEST_TIMEOUT;

  /** What can be said of a request before its body is read. */
  function check(request: Request, caller: Caller, route: RegisteredRoute): void {
    if (route.permission !== null) admit(caller.actor, route, closed());
    if (!isReading(request)) refuseWhen(full());
    checkAddress(request);
    if (!route.takesFile) checkBody(request, ports.config.WAYPOST_BODY_LIMIT);
  }

  async function run(request: Request, caller: Caller, found: Match): Promise<Response> {
    if (found.kind === "none") throw new AppError("NOT_FOUND", "There is nothing at this address.");
    if (found.kind === "wrong_method")
      return (await preflight(request, routeFor(request), knowsOrigin)) ?? wrongMethod(request, found.allow);
    check(request, caller, found.route);
    const plain = request.method === "HEAD" ? new Request(request, { method: "GET" }) : request;
    callers.set(plain, caller);
    const response = await inTime(app.fetch(plain), longest(found.route));
    const elsewhere = mayBeElsewhere(request, response)
      ? await misplaced(request, caller, found.route)
      : null;
    return asAsked(request, elsewhere ?? response);
  }

  async function misplaced(
    request: Request,
    caller: Caller,
    route: RegisteredRoute,
  ): Promise<Response | null> {
    const error = caller.actor && (await elsewhere(caller.actor, namesOf(request.url, route)));
    return error ? failure(caller, error) : null;
  }

  async function answer(request: Request, address: string | null, known: Actor | null): Promise<Response> {
    const at = ports.clock.now();
    const began = performance.now();
    const requestId = requestIdOf(request, at);
    const asked = known ? { actor: known, allowance: null } : await ask(request, address ?? "");
    const actor = asked.actor instanceof Error ? null : asked.actor;
    const found = match(request.method, pathOf(request.url));
    const caller: Caller = { at, requestId, actor, address, match: found };
    const response = await attempt(request, caller, asked, found);
    const route = routeOf(found);
    if (route) await follow(request, caller, asked, route, response);
    const seconds = (performance.now() - began) / 1000;
    observe({ method: request.method, route: route?.path ?? "none", status: response.status, seconds });
    return response;
  }

  async function attempt(request: Request, caller: Caller, asked: Asked, found: Match): Promise<Response> {
    const { allowance } = asked;
    try {
      settled(asked);
      return finished(await run(request, caller, found), caller, allowance);
    } catch (error) {
      const limits = allowance ? limitHeaders(allowance, caller.at) : {};
      return failure(caller, told(error, caller, request), limits);
    }
  }

  /** What an answer has as its consequence: that a page may read it, and that a refusal is on record. */
  async function follow(
    request: Request,
    caller: Caller,
    asked: Asked,
    route: RegisteredRoute,
    answered: Response,
  ): Promise<void> {
    if (route.pages) showToPage(answered, request, caller.actor);
    if (answered.status !== 403) return;
    const away = asked.actor instanceof TurnedAway ? asked.actor : null;
    await noteDenial(request, away ? { ...caller, actor: away.actor } : caller, route, away?.reason ?? null);
  }

  /** The command line is the operator, and nobody is not somebody: neither is refused by what they may not do. */
  async function noteDenial(
    request: Request,
    caller: Caller,
    { method, path, permission }: RegisteredRoute,
    reason: TurnedAway["reason"] | null,
  ): Promise<void> {
    const { actor } = caller;
    if (actor?.kind !== "user" && actor?.kind !== "key") return;
    const lacks = reason === null && permission !== null && !actor.permissions.has(permission);
    // A request of its own for the log: no retry may find this in place of its answer.
    const bare = new Request(request.url, { headers: userAgentOf(request) });
    await ports.denials.note(contextOf(ports, bare, caller), {
      type: accessDenied,
      subjectId: actor.id,
      data: { method, route: path, permission: lacks ? permission : null, reason },
      workspaceId: actor.workspaceId,
    });
  }

  /** Who asks, and what is left to them. A wrong key counts against its address, so that keys cannot be tried out. */
  async function ask(request: Request, address: string): Promise<Asked> {
    const actor = await authenticate(request, address).catch((error: unknown) => error as Error);
    return { actor, allowance: take(actor instanceof Error ? null : actor, address) };
  }

  function told(error: unknown, caller: Caller, request: Request): AppError {
    const known = foreseen(error);
    if (known) return known;
    logBug(ports.log, caller, request, error);
    return new AppError("INTERNAL", "Something went wrong on our side. The request id helps us find it.");
  }

  return {
    routes,
    fetch: (request, address) => answer(request, address, null),
    fetchAs: (request, actor) => answer(request, null, actor),
    identify: async (request, address) => settled(await ask(request, address)),
    refuse(request, error) {
      const at = ports.clock.now();
      const stamp = { at, requestId: requestIdOf(request, at) };
      observe({ method: request.method, route: "none", status: 503, seconds: 0 });
      return failure(stamp, error);
    },
  };
}

function contextOf(ports: Ports, request: Request, { actor, at, requestId, address }: Caller): Context {
  return {
    ...ports,
    actor: actor ?? nobody,
    at,
    target: targetOf(request),
    client: address,
    idempotencyKey: idempotencyKeyOf(request),
    origin: {
      requestId,
      network: address === null ? null : networkOf(address) || null,
      userAgent: request.headers.get("user-agent")?.slice(0, 256) ?? null,
    },
  };
}

const routeOf = (found: Match): RegisteredRoute | null => (found.kind === "route" ? found.route : null);

/** What every answer carries. */
function finished(response: Response, stamp: Stamp, allowance: Allowance | null): Response {
  const { headers } = response;
  const wanted = { ...everyAnswer(stamp), ...(allowance ? limitHeaders(allowance, stamp.at) : {}) };
  for (const [name, value] of Object.entries(wanted))
    if (name !== "cache-control" || !headers.has(name)) headers.set(name, value);
  return response;
}
