import { slugLengthMax, slugOf } from "../lib/slug.ts";
import type { CachedRoute, RouteCache } from "./cache.ts";
import { climbs } from "./location.ts";

/** A link whose slug begins a path, and what stands behind it, from its slash on. */
export interface Prefix {
  readonly kept: CachedRoute;
  readonly rest: string;
}

/** How many beginnings of a path are looked for, the longest first. */
const TRIES_MAX = 8;

/**
 * The longest beginning of a path that is a link, if that takes paths. Each beginning is looked up, and kept in memory,
 * as any other slug is: so a change of the link shows at once, and what is missing is not looked for twice.
 * @param spelling the URL up to its query
 */
export async function findPrefix(
  routes: Pick<RouteCache, "lookUp">,
  spelling: string,
  host: string,
): Promise<Prefix | null> {
  const pathAt = spelling.indexOf("/", spelling.indexOf("://") + 3);
  let end = spelling.lastIndexOf("/");
  for (let tries = 0; tries < TRIES_MAX && end > pathAt; tries++) {
    const rest = spelling.slice(end);
    if (climbs(rest)) return null;
    const prefix = spelling.slice(0, end);
    const slug = slugOf(prefix.slice(pathAt)) ?? "";
    const kept = isSlug(slug) ? await routes.lookUp(prefix, host, slug) : null;
    if (kept?.link) return kept.link.extras?.forwardPath ? { kept, rest } : null;
    end = spelling.lastIndexOf("/", end - 1);
  }
  return null;
}

const isSlug = (slug: string): boolean => slug !== "" && slug.length <= slugLengthMax;
