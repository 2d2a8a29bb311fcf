import { openOutbound } from "../../../src/lib/outbound/outbound.ts";

/** A process of its own asks 100 hostile receivers, and tells by how much its memory grew at most. */
const port = process.argv[2]!;
const door = openOutbound({ allow: ["127.0.0.1"] });
const ask = (path: string) =>
  door.request({ url: `http://127.0.0.1:${port}${path}`, bytesMax: 20_000, cut: true });

for (let i = 0; i < 20; i++) await ask(i % 2 ? "/bomb" : "/flood");
Bun.gc(true);
const before = process.memoryUsage.rss();
let most = before;
const statuses: Record<string, number> = {};
let lengthMax = 0;
let left = 100;
await Promise.all(
  Array.from({ length: 10 }, async () => {
    while (left-- > 0) {
      const { status, body } = await ask(left % 2 ? "/bomb" : "/flood");
      statuses[status] = (statuses[status] ?? 0) + 1;
      lengthMax = Math.max(lengthMax, body.length);
      most = Math.max(most, process.memoryUsage.rss());
    }
  }),
);
console.log(JSON.stringify({ statuses, lengthMax, grownBytes: most - before }));
process.exit(0);
