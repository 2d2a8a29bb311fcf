import type { Config } from "../config.ts";
import type { Logger } from "../lib/log.ts";
import type { Service } from "../lib/service.ts";
import { type ReservedPath, reservedPaths } from "../lib/slug.ts";
import { isLoopbackHost, withoutPort } from "../lib/url.ts";
import type { RedirectHandler } from "../redirect/handler.ts";
import { pageResponse, pages } from "../redirect/pages.ts";
import { hostHeader, methodOf } from "../redirect/reading.ts";

type HttpServer = Bun.Server<undefined>;
/** Answers what lies below one reserved path. */
export type FrontHandler = (request: Request, server: HttpServer) => Response | Promise<Response>;

export interface ServerOptions {
  readonly config: Pick<
    Config,
    | "WAYPOST_HOST"
    | "WAYPOST_PORT"
    | "WAYPOST_BODY_LIMIT"
    | "WAYPOST_REQUEST_TIMEOUT"
    | "WAYPOST_SHUTDOWN_TIMEOUT"
    | "WAYPOST_METRICS_LISTEN"
  > &
    Partial<Pick<Config, "WAYPOST_IMPORT_LIMIT">>;
  readonly redirect: RedirectHandler;
  /** What answers each reserved path. One that is left out is nobody's: the redirect's "not found". */
  readonly paths: Partial<Record<ReservedPath, FrontHandler>>;
  /** What the private listener answers, where one is configured. */
  readonly privatePaths: Partial<Record<ReservedPath, FrontHandler>>;
  /** The host of the installation, without a port; null until it is known, when every host is taken for it. */
  baseHost(): string | null;
  readonly log: Logger;
}

export interface HttpService extends Service {
  /** Where it listens: `http://127.0.0.1:8080`. */
  readonly url: string;
  /** The port, the system's choice when 0 was asked for. */
  readonly port: number;
  /** The private listener's port; null where there is none. */
  readonly privatePort: number | null;
  /** True from the first moment of a stop: readiness must say no. */
  readonly stopping: boolean;
}

/** The listener could not be opened. The message says what to do. */
export class ListenError extends Error {
  override readonly name = "ListenError";
}

/**
 * The one door. A link in memory is answered before anything is asked of the path; then come the reserved
 * paths, each only on its hosts; everything else is the redirect's.
 */
export function openServer(options: ServerOptions): HttpService {
  const { config, redirect, log } = options;
  let main: HttpServer | null = null;
  let inside: HttpServer | null = null;
  let stopping = false;

  const answer = (request: Request, server: HttpServer): Response | Promise<Response> => {
    const { url } = request;
    const response = redirect.ifKnown(url, request, server) ?? answerPath(url, request, server);
    if (response instanceof Promise) return response.then(parting);
    return parting(response);
  };

  /** While stopping, tells the client not to send another request this way. */
  const parting = (response: Response): Response => {
    if (stopping) response.headers.set("connection", "close");
    return response;
  };

  const answerPath = (url: string, request: Request, server: HttpServer): Response | Promise<Response> => {
    const place = placeOf(url);
    const handler = place && handlerOf(options.paths, place.segment);
    if (!handler || !answersOn(place.segment, place.host, options.baseHost()))
      return redirect(request, server);
    return guarded(handler, request, server);
  };

  const answerInside = (request: Request, server: HttpServer): Response | Promise<Response> => {
    const handler = handlerOf(options.privatePaths, placeOf(request.url)?.segment ?? "");
    return handler ? guarded(handler, request, server) : pageResponse(pages.not_found);
  };

  const guarded = (handler: FrontHandler, request: Request, server: HttpServer) => {
    if (methodOf(request.method) === null) return pageResponse(pages.method);
    if (hostHeader(request.headers) === null) return pageResponse(pages.bad_request);
    // The idle limit is for visitors. What is reserved may take as long as a request may.
    server.timeout(request, Math.ceil(config.WAYPOST_REQUEST_TIMEOUT / 1000) + 5);
    return handler(request, server);
  };

  const listen = (hostname: string, port: number, fetch: FrontHandler): HttpServer => {
    try {
      return Bun.serve({
        hostname,
        port,
        fetch,
        // Bun would let a second process take half of the visitors.
        reusePort: false,
        // … and show strangers our source.
        development: false,
        idleTimeout: IDLE_SECONDS,
        // Beyond the limit the API refuses in its own words; what is far beyond never gets in.
        // Other bodies are cut off by the API where their own limit is.
        maxRequestBodySize:
          Math.max(2 * config.WAYPOST_BODY_LIMIT, config.WAYPOST_IMPORT_LIMIT ?? 0) + 65_536,
        error(error) {
          log.error("A request failed", { error });
          return pageResponse(pages.failed);
        },
      });
    } catch (error) {
      throw listenError(error, hostname, port);
    }
  };

  return {
    name: "http",
    get url() {
      return main ? main.url.origin : "";
    },
    get port() {
      return main?.port ?? 0;
    },
    get privatePort() {
      return inside?.port ?? null;
    },
    get stopping() {
      return stopping;
    },
    async start() {
      stopping = false;
      const second = config.WAYPOST_METRICS_LISTEN;
      if (second) inside = listen(second.host, second.port, answerInside);
      try {
        main = listen(config.WAYPOST_HOST, config.WAYPOST_PORT, answer);
      } catch (error) {
        await inside?.stop(true);
        throw error;
      }
    },
    async stop() {
      stopping = true;
      const servers = [main, inside].filter((server) => server !== null);
      main = inside = null;
      await Promise.all(servers.map((server) => drain(server, config.WAYPOST_SHUTDOWN_TIMEOUT)));
    },
  };
}

/** Accepts nobody any more, lets those inside finish, and cuts off who takes longer than allowed. */
async function drain(server: HttpServer, timeoutMs: number): Promise<void> {
  const { promise: late, resolve } = Promise.withResolvers<"late">();
  const timer = setTimeout(() => resolve("late"), timeoutMs);
  if ((await Promise.race([server.stop(), late])) === "late") await server.stop(true);
  clearTimeout(timer);
}

/** Host without port and first path segment, as they were written. Null when Bun could make no URL of it. */
function placeOf(url: string): { host: string; segment: string } | null {
  const match = /^https?:\/\/([^/]+)\/([^/?#]*)/.exec(url);
  return match && { host: withoutPort(match[1]!).replace(/\.$/, ""), segment: match[2]! };
}

const handlerOf = (
  paths: Partial<Record<ReservedPath, FrontHandler>>,
  segment: string,
): FrontHandler | undefined => (isReservedPath(segment) ? paths[segment] : undefined);

const isReservedPath = (segment: string): segment is ReservedPath => Object.hasOwn(reservedPaths, segment);

const answersOn = (segment: string, host: string, baseHost: string | null): boolean =>
  (isReservedPath(segment) && reservedPaths[segment] === "any") ||
  baseHost === null ||
  host === baseHost ||
  isLoopbackHost(host);

function listenError(error: unknown, hostname: string, port: number): ListenError {
  const { code } = error as { code?: string };
  const advice =
    code === "EADDRINUSE"
      ? "it is in use. Stop the program that has it, or set WAYPOST_PORT to another."
      : code === "EACCES"
        ? "the system does not allow it. Set WAYPOST_PORT to 1024 or above, or grant the right to open it."
        : code === "EADDRNOTAVAIL"
          ? "this machine has no such address. Set WAYPOST_HOST to one it has, or to 0.0.0.0."
          : `${(error as Error).message}.`;
  return new ListenError(`Cannot listen on ${hostname}:${port}: ${advice}`, { cause: error });
}

/** A connection that says nothing for this long is closed. */
const IDLE_SECONDS = 10;
