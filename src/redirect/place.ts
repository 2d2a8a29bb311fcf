import { slugLengthMax, slugOf } from "../lib/slug.ts";
import { withoutPort } from "../lib/url.ts";

/** What a URL asks for. */
export interface Place {
  /** The URL up to its query. */
  readonly spelling: string;
  readonly host: string;
  readonly slug: string;
  readonly query: string;
}

/** Takes `request.url` apart. Null when Bun could make no URL of the Host header: then it is only a path. */
export function placeOf(url: string): Place | null {
  const hostAt = url.indexOf("://") + 3;
  if (hostAt < 3 || !url.startsWith("http")) return null;
  const queryAt = url.indexOf("?");
  const spelling = queryAt < 0 ? url : url.slice(0, queryAt);
  const pathAt = spelling.indexOf("/", hostAt);
  if (pathAt < 0) return null;
  const host = withoutPort(spelling.slice(hostAt, pathAt)).replace(/\.$/, "");
  if (host === "") return null;
  const slug = slugOf(spelling.slice(pathAt));
  return {
    spelling,
    host,
    slug: slug === null || slug.length > slugLengthMax ? NOBODYS : slug,
    query: queryAt < 0 ? "" : url.slice(queryAt + 1),
  };
}

/** Stands for every path that can be no link's: people may not choose it, and any database can look for it. */
const NOBODYS = "//";
