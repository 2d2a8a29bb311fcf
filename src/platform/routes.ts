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
}

/** Every route of an app. A route that declares neither `may` nor `open` is a mistake and throws at the start. */
export function registeredRoutes(app: AnyElysia): RegisteredRoute[] {
  return app.routes.map(({ method, path, hooks }) => {
    const detail = (hooks as { detail?: Record<string, unknown> }).detail ?? {};
    const declared = detail["x-permission"];
    const takesFile = detail["x-takes-file"] === true;
    if (declared === null) return { method, path, permission: null, takesFile };
    if (typeof declared === "string" && isPermission(declared))
      return { method, path, permission: declared, takesFile };
    throw new Error(`${method} ${path} declares neither a permission nor that it is open`);
  });
}

export type Match =
  | { readonly kind: "route"; readonly route: RegisteredRoute }
  | { readonly kind: "wrong_method"; readonly allow: string }
  | { readonly kind: "none" };

/** Finds the route for a request, strictly: no trailing slashes, no other spellings of a path. */
export function routeMatcher(routes: readonly RegisteredRoute[]): (method: string, path: string) => Match {
  const patterns = routes.map((route) => ({
    route,
    pattern: new RegExp(`^${route.path.replace(/[.*+?^${}()|[\]\\]/g, "\\$&").replace(/:\w+/g, "[^/]+")}$`),
  }));
  // A refusal costs little more than this search: only routes of the same length and first word are looked at.
  const shelves = Map.groupBy(patterns, ({ route }) => shelfOf(route.path));
  return (method, path) => {
    const here = (shelves.get(shelfOf(path)) ?? [])
      .filter(({ pattern }) => pattern.test(path))
      .map(({ route }) => route);
    const wanted = method === "HEAD" ? "GET" : method;
    // A fixed path is more telling than one with parameters: /links/count before /links/:link.
    const [exact] = here
      .filter((route) => route.method === wanted)
      .sort((a, b) => a.path.split(":").length - b.path.split(":").length);
    if (exact) return { kind: "route", route: exact };
    if (here.length === 0) return { kind: "none" };
    const allowed = new Set(
      here.flatMap((route) => (route.method === "GET" ? ["GET", "HEAD"] : [route.method])),
    );
    return { kind: "wrong_method", allow: [...allowed, "OPTIONS"].sort().join(", ") };
  };
}

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
