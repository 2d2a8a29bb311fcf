import { compare } from "./compare.ts";
import { startServer } from "./load.ts";
import type { Bench } from "./measure.ts";
import { seeded, writeTraffic } from "./traffic.ts";

const LINKS = 1_000_000;

export const bench: Bench = {
  about: "links drawn evenly from a million, of which 10,000 fit into memory, against links in memory",
  needs: ["wrk", "taskset"],
  async run() {
    const random = seeded(2);
    const anyOf = (links: number) => writeTraffic(() => Math.floor(random() * links), random);
    // The same server twice: once all that is asked for is in memory after a moment, once hardly anything.
    const { first, second, perSecond } = await compare(
      [anyOf(10_000), anyOf(LINKS)],
      [startServer("uncached.ts", "100000"), startServer("uncached.ts", "10000")],
    );
    return [
      { what: "from memory", value: first.perSecond, unit: "requests/s" },
      { what: "from SQLite", value: second.perSecond, unit: "requests/s" },
      { what: "from SQLite / from memory", value: perSecond, unit: "×", budget: { min: 0.5 } },
    ];
  },
};
