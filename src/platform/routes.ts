import type { AnyElysia } from "elysia";
import { isPermission, type Permission } from "./permissions.ts";

/** A route as it was registered: what OpenAPI, the permission tests and 405 answers are made from. */
export interface RegisteredRoute {
  readonly method: string;
  /** With parameters as `:name`. */
  readonly path: string;
  /** Null for routes on the public list. */
  readonly permission: Permission | null;
  /** Takes a file and reads it itself, bit by bit. */
  readonly takesFile: boolean;
  /** For pages of other origins, by a publishable key. */
  readonly pages: boolean;
}

/** Every route of an app. A route that declares neither `may` nor `open` is a mistake and throws at the start. */
export function registeredRoutes(app: AnyElysia): RegisteredRoute[] {
  return app.routes.map(({ method, path, hooks }) => {
    const { detail = {} } = hooks as { detail?: Record<string, unknown> };
    const declared = detail["x-permission"];
    const pages = detail["x-pages"] === true;
    const takesFile = detail["x-takes-file"] === true;
    if (declared === null) return { method, path, permission: null, pages, takesFile };
    if (typeof declared === "string" && isPermission(declared))
      return { method, path, permission: declared, pages, takesFile };
    throw new Error(`${method} ${path} declares neither a permission nor that it is open`);
  });
}

export type Match =
  | { readonly kind: "route"; readonly route: RegisteredRoute }
  | { readonly kind: "wrong_method"; readonly allow: string }
  | { readonly kind: "none" };

/** Finds the route for a request, strictly: no trailing slashes, no other spellings of a path. */
export function routeMatcher(routes: readonly RegisteredRoute[]): (method: string, path: string) => Match {
  // A fixed path is more telling than one with parameters: /links/count before /links/:link.
  const telling = routes.toSorted((a, b) => a.path.split(":").length - b.path.split(":").length);
  const patterns = telling.map((route) => ({
    route,
    pattern: new RegExp(`^${route.path.replace(/[.*+?^${}()|[\]\\]/g, "\\$&").replace(/:\w+/g, "[^/]+")}$`),
    found: { kind: "route", route } as const,
  }));
  // A refusal costs little more than this search: only routes of the same length and first word are looked at.
  const shelves = Map.groupBy(patterns, ({ route }) => shelfOf(route.path));
  return (method, path) => {
    const shelf = shelves.get(shelfOf(path)) ?? [];
    const wanted = method === "HEAD" ? "GET" : method;
    for (const { route, pattern, found } of shelf)
      if (route.method === wanted && pattern.test(path)) return found;
    const allowed = new Set(
      shelf
        .filter(({ pattern }) => pattern.test(path))
        .flatMap(({ route }) => (route.method === "GET" ? ["GET", "HEAD"] : [route.method])),
    );
    if (allowed.size === 0) return NOWHERE;
    return { kind: "wrong_method", allow: [...allowed, "OPTIONS"].sort().join(", ") };
  };
}

const NOWHERE: Match = { kind: "none" };

/** What a request names, by path parameters and query. */
export type Names = Readonly<Record<string, string>>;

export function namesOf(url: string, { path }: RegisteredRoute): Names {
  const { pathname, searchParams } = new URL(url);
  const segments = pathname.split("/");
  const parameters = path
    .split("/")
    .flatMap((part, i) => (part.startsWith(":") ? [[part.slice(1), decoded(segments[i] ?? "")]] : []));
  return { ...Object.fromEntries(searchParams), ...Object.fromEntries(parameters) };
}

export const isReading = ({ method }: Request): boolean =>
  method === "GET" || method === "HEAD" || method === "OPTIONS";

/** Whether what was asked for may stand elsewhere: it was not found, or the list that it narrows may be empty for that. */
export const mayBeElsewhere = (request: Request, { status }: Response): boolean =>
  status === 404 ||
  status === 400 ||
  (status === 200 && isReading(request) && /[?&](?:folder|campaign|link)Id=/.test(request.url));

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

/** Number of segments, and the one behind `/api/v1`, which no route leaves open. */
function shelfOf(path: string): string {
  const segments = path.split("/");
  return `${segments.length}/${segments[3]}`;
}
