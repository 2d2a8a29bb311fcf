import { slugPath } from "../../lib/slug.ts";
import type { Ports } from "../../platform/context.ts";

/**
 * A short URL. Domains share the scheme and port of the base URL, since one server answers for all:
 * `https://go.example.com/summer` behind a proxy, `http://go.localhost:8080/summer` on a desk.
 */
export function shortUrl(ports: Pick<Ports, "baseUrl">, host: string, slug: string): string {
  const baseUrl = ports.baseUrl() ?? "https://localhost";
  if (baseUrl !== last.baseUrl) last = partsOf(baseUrl);
  return `${last.scheme}${host}${last.port}${slugPath(slug)}`;
}

function partsOf(baseUrl: string) {
  const { protocol, port } = new URL(baseUrl);
  return { baseUrl, scheme: `${protocol}//`, port: port === "" ? "" : `:${port}` };
}

/** It is all but always the same one. */
let last = partsOf("https://localhost");
