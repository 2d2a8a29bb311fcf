import { type AnyElysia, Elysia } from "elysia";
import { AppError } from "../lib/errors.ts";
import { networkOf } from "../lib/ip.ts";
import { checkBody, readBody } from "./body.ts";
import { type Actor, type Context, type Ports, systemActor } from "./context.ts";
import type { Denial } from "./denials.ts";
import { failure, type Stamp } from "./envelope.ts";
import { failures, foreseen, type Guard, guard, logBug } from "./http.ts";
import type { Allowance } from "./limits/counter.ts";
import { limitExceeded, limitHeaders } from "./limits/headers.ts";
import type { Observed } from "./metrics.ts";
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
  type Match,
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
  /** Puts on record that somebody known was refused. */
  denied(ctx: Context, denial: Denial): Promise<void>;
  /** Why something is not found that is there for another key of the caller; null when it is simply not there. */
  elsewhere(actor: Actor, names: Names): Promise<AppError | null>;
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
  readonly actor: Actor | null;
  readonly address: string | null;
  /** What is asked for: parsed once, which costs as much as much of the rest. */
  readonly url: URL;
  readonly match: Match;
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
  denied,
  elsewhere,
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

  const longest = ({ takesFile }: RegisteredRoute): number =>
    takesFile ? FILE_MS : ports.config.WAYPOST_REQUEST_TIMEOUT;

  /** What can be said of a request before its body is read. */
  function check(request: Request, caller: Caller, { permission, takesFile }: RegisteredRoute): void {
    if (permission !== null) admit(caller.actor, permission, closed());
    if (!isReading(request)) refuseWhen(full());
    checkAddress(request);
    if (!takesFile) checkBody(request, ports.config.WAYPOST_BODY_LIMIT);
  }

  async function run(request: Request, caller: Caller): Promise<Response> {
    const found = caller.match;
    if (found.kind === "none") throw new AppError("NOT_FOUND", "There is nothing at this address.");
    if (found.kind === "wrong_method") return wrongMethod(request, found.allow);
    check(request, caller, found.route);
    const plain = request.method === "HEAD" ? new Request(request, { method: "GET" }) : request;
    callers.set(plain, caller);
    const response = await inTime(app.fetch(plain), longest(found.route));
    const elsewhere = response.status === 404 ? await misplaced(request, caller, found.route) : null;
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
    const url = new URL(request.url);
    const route = match(request.method, url.pathname);
    let caller: Caller = {
      at,
      requestId: requestIdOf(request, at),
      actor: known,
      address,
      url,
      match: route,
    };
    let allowance: Allowance | null = null;
    let response: Response;
    try {
      if (!known) {
        const asked = await ask(request, address ?? "");
        allowance = asked.allowance;
        caller = { ...caller, actor: settled(asked) };
      }
      response = await run(request, caller);
    } catch (error) {
      response = refused(error, caller, request);
    }
    if (response.status === 403 && route.kind === "route") await noteDenial(request, caller, route.route);
    observe({
      method: request.method,
      route: route.kind === "route" ? route.route.path : "none",
      status: response.status,
      seconds: (performance.now() - began) / 1000,
    });
    return finished(response, caller, allowance);
  }

  /** The command line is the operator, and nobody is not somebody: neither is refused by what they may not do. */
  async function noteDenial(request: Request, caller: Caller, route: RegisteredRoute): Promise<void> {
    const { actor } = caller;
    if (actor?.kind !== "user" && actor?.kind !== "key") return;
    const { method, path, permission } = route;
    const lacking = permission !== null && !actor.permissions.has(permission) ? permission : null;
    // A request of its own for the log: no retry may find this in place of its answer.
    const bare = new Request(request.url, { headers: userAgentOf(request) });
    await denied(contextOf(ports, bare, caller), { method, route: path, permission: lacking });
  }

  /** Who asks, and what is left to them. A wrong key counts against its address, so that keys cannot be tried out. */
  async function ask(request: Request, address: string): Promise<Asked> {
    const actor = await authenticate(request, address).catch((error: unknown) => error as Error);
    return { actor, allowance: take(actor instanceof Error ? null : actor, address) };
  }

  function refused(error: unknown, caller: Caller, request: Request): Response {
    const told = foreseen(error);
    if (told) return failure(caller, told);
    logBug(ports.log, caller, request, error);
    return failure(
      caller,
      new AppError("INTERNAL", "Something went wrong on our side. The request id helps us find it."),
    );
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
      return finished(failure(stamp, error), stamp, null);
    },
  };
}

function contextOf(ports: Ports, request: Request, { actor, at, requestId, address, url }: Caller): Context {
  return {
    ...ports,
    actor: actor ?? nobody,
    at,
    target: targetOf(request, url),
    client: address,
    idempotencyKey: idempotencyKeyOf(request),
    origin: {
      requestId,
      network: address === null ? null : networkOf(address) || null,
      userAgent: request.headers.get("user-agent")?.slice(0, 256) ?? null,
    },
  };
}

function refuseWhen(reason: AppError | null): void {
  if (reason) throw reason;
}

const isReading = ({ method }: Request): boolean =>
  method === "GET" || method === "HEAD" || method === "OPTIONS";

function admit(
  actor: Actor | null,
  permission: RegisteredRoute["permission"],
  closed: AppError | null,
): void {
  refuseWhen(closed);
  if (!actor)
    throw new AppError("UNAUTHORIZED", "Sign in, or send an API key: Authorization: Bearer way_sk_…");
  if (permission !== null && !actor.permissions.has(permission))
    throw new AppError("FORBIDDEN", `This needs the permission ${permission}.`);
}

/** What every answer carries. */
function finished(response: Response, { requestId, at }: Stamp, allowance: Allowance | null): Response {
  response.headers.set("x-request-id", requestId);
  if (!response.headers.has("cache-control")) response.headers.set("cache-control", "no-store");
  response.headers.set("x-content-type-options", "nosniff");
  if (allowance)
    for (const [name, value] of Object.entries(limitHeaders(allowance, at)))
      response.headers.set(name, value);
  return response;
}
