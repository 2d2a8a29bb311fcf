import { slugOfLink } from "../traffic.ts";
import { domain, linkOf, serveRedirects } from "./redirect.ts";

// 100,000 links, all of which fit into memory. Visits are taken and thrown away.
const links = new Map(Array.from({ length: 100_000 }, (_, i) => [slugOfLink(i), linkOf(i)]));
export let recorded = 0;
await serveRedirects({
  resolve: (_, slug) => ({ domain, link: links.get(slug) ?? null }),
  linksMax: 100_000,
  record: (visit) => {
    recorded += visit.userAgent.length;
  },
});
