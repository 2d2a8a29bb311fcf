import { type AnyElysia, Elysia } from "elysia";
import { AppError } from "../lib/errors.ts";
import { newId } from "../lib/ids.ts";
import { neighbourhoodOf, networkOf } from "../lib/ip.ts";
import { checkBody, readBody } from "./body.ts";
import { type Actor, type Context, type Ports, systemActor } from "./context.ts";
import { failure, type Stamp } from "./envelope.ts";
import { failures, foreseen, type Guard, guard, logBug } from "./http.ts";
import { type Allowance, type Limiter, limitExceeded, limitHeaders } from "./limits.ts";
import type { Observed } from "./metrics.ts";
import { type RegisteredRoute, registeredRoutes, routeMatcher } from "./routes.ts";

/** Who asks, from the request's credentials; null when it brings none. */
export type Authenticate = (request: Request) => Promise<Actor | null>;

export interface ApiOptions {
  readonly ports: Ports;
  readonly authenticate: Authenticate;
  readonly limits: { readonly key: Limiter; readonly anonymous: Limiter };
  /** Why routes that need a permission are closed altogether; null once the installation is set up. */
  closed(): AppError | null;
  /** Why nothing may be written now (the disk is nearly full); null when all is well. */
  full(): AppError | null;
  observe(call: Observed): void;
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

interface Caller extends Stamp {
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
export function openApi({ ports, authenticate, limits, closed, full, observe, features }: ApiOptions): Api {
  const callers = new WeakMap<Request, Caller>();
  const callerOf = (request: Request) => callers.get(request)!;
  const app: AnyElysia = new Elysia({ prefix: "/api/v1", normalize: false })
    .use(failures(callerOf, ports.log))
    .onParse(({ request }) => readBody(request, ports.config.WAYPOST_BODY_LIMIT));
  const guarded = guard((request) => contextOf(ports, request, callerOf(request)));
  for (const feature of features(guarded, { routes: () => routes, elysia: () => app })) app.use(feature);
  const routes = registeredRoutes(app);
  const match = routeMatcher(routes);

  async function run(request: Request, caller: Caller): Promise<Response> {
    const { pathname } = new URL(request.url);
    const found = match(request.method, pathname);
    if (found.kind === "none") throw new AppError("NOT_FOUND", "There is nothing at this address.");
    if (found.kind === "wrong_method") return wrongMethod(request, found.allow);
    const { permission } = found.route;
    if (permission !== null) admit(caller.actor, permission, closed());
    if (!isReading(request)) refuseWhen(full());
    checkAddress(request);
    checkBody(request, ports.config.WAYPOST_BODY_LIMIT);
    const plain = request.method === "HEAD" ? new Request(request, { method: "GET" }) : request;
    callers.set(plain, caller);
    const response = await inTime(app.fetch(plain), ports.config.WAYPOST_REQUEST_TIMEOUT);
    if (isKnown(request, response)) return new Response(null, { status: 304, headers: response.headers });
    if (request.method !== "HEAD") return response;
    // A stream that nobody reads would go on for as long as it may.
    await response.body?.cancel();
    return new Response(null, response);
  }

  async function answer(request: Request, address: string | null, known: Actor | null): Promise<Response> {
    const at = ports.clock.now();
    const began = performance.now();
    let caller: Caller = { at, requestId: requestIdOf(request, at), actor: known, address };
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
    const route = match(request.method, new URL(request.url).pathname);
    observe({
      method: request.method,
      route: route.kind === "route" ? route.route.path : "none",
      status: response.status,
      seconds: (performance.now() - began) / 1000,
    });
    return finished(response, caller, allowance);
  }

  /** Who asks, and what is left to them. A wrong key counts against its address, so that keys cannot be tried out. */
  async function ask(request: Request, address: string): Promise<Asked> {
    const actor = await authenticate(request).catch((error: unknown) => error as Error);
    const known = actor instanceof Error ? null : actor;
    const allowance = known
      ? await limits.key.take(`${known.workspaceId}:${known.id}`)
      : await limits.anonymous.take(neighbourhoodOf(address));
    return { actor, allowance };
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

function contextOf(ports: Ports, request: Request, { actor, at, requestId, address }: Caller): Context {
  return {
    ...ports,
    actor: actor ?? nobody,
    at,
    target: targetOf(request),
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
  if (!actor) throw new AppError("UNAUTHORIZED", "Send an API key: Authorization: Bearer way_sk_…");
  if (permission !== null && !actor.permissions.has(permission))
    throw new AppError("FORBIDDEN", `This needs the permission ${permission}.`);
}

/** No field takes a NUL, and not every database can be asked for one. */
function checkAddress({ url }: Request): void {
  if (url.includes("%00")) throw new AppError("VALIDATION_ERROR", "The address holds a NUL character.");
}

const wrongMethod = (request: Request, allow: string): Response => {
  if (request.method === "OPTIONS") return new Response(null, { status: 204, headers: { allow } });
  throw new AppError("METHOD_NOT_ALLOWED", `This address takes ${allow}.`, { headers: { allow } });
};

/** A client's own id is taken over when it is harmless, so that both sides log the same. */
function requestIdOf(request: Request, at: number): string {
  const given = request.headers.get("x-request-id");
  return given !== null && /^[A-Za-z0-9_-]{1,64}$/.test(given) ? given : newId("req", at);
}

function targetOf(request: Request): string {
  const { pathname, search } = new URL(request.url);
  return `${request.method} ${pathname}${search}\n${request.headers.get("if-match") ?? ""}`;
}

function idempotencyKeyOf(request: Request): string | null {
  const key = request.headers.get("idempotency-key");
  if (key === null || request.method !== "POST") return null;
  if (!/^[\x20-\x7e]{1,255}$/.test(key))
    throw new AppError("VALIDATION_ERROR", "Idempotency-Key must be 1 to 255 printable ASCII characters.");
  return key;
}

/** The client has this very state already (RFC 9110, 13.1.2: compared weakly). */
function isKnown(request: Request, response: Response): boolean {
  const etag = response.headers.get("etag");
  const known = request.headers.get("if-none-match");
  if (etag === null || known === null || !["GET", "HEAD"].includes(request.method)) return false;
  return known.split(",").some((tag) => tag.trim() === "*" || tag.trim().replace(/^W\//, "") === etag);
}

async function inTime(response: Response | Promise<Response>, timeoutMs: number): Promise<Response> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(
    () =>
      late.reject(
        new AppError("UNAVAILABLE", `No answer within ${timeoutMs} ms. Try again.`, {
          // Whoever is still sending a body byte by byte is sent away with it.
          headers: { "retry-after": "1", connection: "close" },
        }),
      ),
    timeoutMs,
  );
  try {
    return await Promise.race([response, late.promise]);
  } finally {
    clearTimeout(timer);
  }
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
