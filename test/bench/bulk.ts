import { monitorEventLoopDelay } from "node:perf_hooks";
import { testApp } from "../support/app.ts";
import { type Bench, median } from "./measure.ts";

const ROUNDS = Number(process.env["BENCH_ROUNDS"] ?? 15);
const LINKS = 1000;

/** What a link of a bulk call costs the process, and how long others wait meanwhile. */
export const bench: Bench = {
  about: "links made by a thousand a call: time of a core, and of whoever waits",
  async run() {
    const app = await testApp();
    const links = Array.from({ length: LINKS }, (_, i) => ({
      destinationUrl: `https://example.com/landing/${i}?ref=bulk`,
      title: `Landing ${i}`,
    }));
    const post = () => app.call("POST", "/links/bulk", { body: { links } });
    for (let i = 0; i < 3; i++) await post();
    const late = monitorEventLoopDelay({ resolution: 1 });
    late.enable();
    const rates: number[] = [];
    for (let i = 0; i < ROUNDS; i++) {
      const began = process.cpuUsage();
      const { body } = await post();
      const { user, system } = process.cpuUsage(began);
      if (body.data.succeeded !== LINKS) throw new Error("not all links were made");
      rates.push((LINKS / (user + system)) * 1e6);
    }
    late.disable();
    await app.close();
    return [
      { what: "links made by a second of a core", value: median(rates), unit: "/s", budget: { min: 20_000 } },
      { what: "main thread late, p99", value: late.percentile(99) / 1e6, unit: "ms" },
    ];
  },
};
