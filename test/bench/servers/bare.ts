import { benchHost, destinationOf, slugOfLink } from "../traffic.ts";

// The least a redirect can do: look a URL up in a Map and answer with the same two headers. `reading` adds the least
// that counting needs: what a visitor's browser says is looked at and thrown away.
const links = new Map<string, string>();
for (let i = 0; i < 100_000; i++) links.set(`http://${benchHost}/${slugOfLink(i)}`, destinationOf(i));

const names = [
  "host",
  "x-forwarded-for",
  "user-agent",
  "referer",
  "accept-language",
  "sec-purpose",
  "sec-gpc",
  "dnt",
];
const reading = process.argv.includes("reading");
export let read = 0;

const server = Bun.serve({
  port: 0,
  hostname: "127.0.0.1",
  reusePort: false,
  development: false,
  fetch(request) {
    const location = links.get(request.url);
    if (location === undefined) return new Response(null, { status: 404 });
    if (reading) for (const name of names) read += request.headers.get(name)?.length ?? 0;
    return new Response(null, { status: 302, headers: { location, "cache-control": "private, no-store" } });
  },
});
console.log(server.port);
