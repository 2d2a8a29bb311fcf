/**
 * The destination with the visitor's query handed on: a visitor's parameter replaces those of the same name,
 * all others are appended as they were written, the fragment stays last. Only the query ever changes, and the
 * result is ASCII. `location` is a `URL.href`; `query` is what stood after `?`, in any shape.
 */
export function withQuery(location: string, query: string): string {
  const given = pairsOf(query);
  if (given.length === 0) return location;
  const fragmentAt = location.indexOf("#");
  const fragment = fragmentAt < 0 ? "" : location.slice(fragmentAt);
  const base = fragmentAt < 0 ? location : location.slice(0, fragmentAt);
  const queryAt = base.indexOf("?");
  if (queryAt < 0) return `${base}?${given.join("&")}${fragment}`;
  const names = new Set(given.map(nameOf));
  const kept = base
    .slice(queryAt + 1)
    .split("&")
    .filter((pair) => pair !== "" && !names.has(nameOf(pair)));
  return `${base.slice(0, queryAt)}?${[...kept, ...given].join("&")}${fragment}`;
}

/** The destination with a path put behind its own. `path` begins with a slash, in any shape, and climbs nowhere. */
export function withPath(location: string, path: string): string {
  const end = location.search(/[?#]/);
  const base = end < 0 ? location : location.slice(0, end);
  const rest = end < 0 ? "" : location.slice(end);
  return `${base.replace(/\/$/, "")}${path.toWellFormed().replace(UNSAFE_IN_PATH, encodeURIComponent)}${rest}`;
}

/** Whether a path has a part that browsers would climb by, in any spelling. */
export const climbs = (path: string): boolean => /(?:^|[/\\])(?:\.|%2e){1,2}(?=[/\\]|$)/i.test(path);

/** Only the campaign parameters of a query, or all others, each as it was written. */
export const campaignPairs = (query: string, wanted: boolean): string =>
  query
    .split("&")
    .filter((pair) => nameOf(pair).toLowerCase().startsWith("utm_") === wanted)
    .join("&");

/** The pairs of a query, each as it was encoded; only what may not stand in a query is encoded here. */
function pairsOf(query: string): string[] {
  const hash = query.indexOf("#");
  return (hash < 0 ? query : query.slice(0, hash))
    .split("&")
    .filter((pair) => pair !== "")
    .map((pair) => (SAFE.test(pair) ? pair : pair.toWellFormed().replace(UNSAFE, encoded)));
}

/** `utm%5Fsource` and `utm_source` are one name: compared as the destination's server will read it. */
function nameOf(pair: string): string {
  const end = pair.indexOf("=");
  const name = end < 0 ? pair : pair.slice(0, end);
  if (!/[%+]/.test(name)) return name;
  return new URLSearchParams(`${name}=`).keys().next().value ?? "";
}

const encoded = (sign: string): string => (sign === "'" ? "%27" : encodeURIComponent(sign));

// What the URL standard leaves alone in the path and in the query of an http(s) URL.
const UNSAFE_IN_PATH = /[^!$-;=@-Z[\]_a-z|~]/gu;
const SAFE = /^[!$-&(-;=?-~]+$/;
const UNSAFE = /[^!$-&(-;=?-~]/gu;
