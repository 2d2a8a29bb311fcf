import { monitorEventLoopDelay } from "node:perf_hooks";
import { testApp } from "../support/app.ts";
import type { Bench } from "./measure.ts";

const ROWS = Number(process.env["BENCH_ROWS"] ?? 100_000);

/** A file of links, read by the job of a real app on SQLite, without the sync of the disk. */
export const bench: Bench = {
  about: `an import of ${ROWS} rows`,
  async run() {
    const app = await testApp();
    const rows = Array.from(
      { length: ROWS },
      (_, i) => `https://example.com/landing/${i}?ref=import,import-${i},Landing ${i}`,
    );
    const file = ["url,slug,title", ...rows].join("\n");
    const late = monitorEventLoopDelay({ resolution: 1 });
    const began = [performance.now(), process.cpuUsage()] as const;
    late.enable();
    const headers = { "content-type": "text/csv" };
    const { body } = await app.call("POST", "/imports", { body: file, headers });
    await app.app.worker.idle();
    late.disable();
    const seconds = (performance.now() - began[0]) / 1000;
    const { user, system } = process.cpuUsage(began[1]);
    const done = (await app.call("GET", `/imports/${body.data.id}`)).body.data;
    await app.close();
    if (done.rows.made !== ROWS) throw new Error(`made ${done.rows.made} of ${ROWS} links`);
    return [
      { what: "rows a second", value: ROWS / seconds, unit: "/s", budget: { min: 11_112 } },
      { what: "rows by a second of a core", value: (ROWS / (user + system)) * 1e6, unit: "/s" },
      { what: "main thread late, p99", value: late.percentile(99) / 1e6, unit: "ms" },
    ];
  },
};
