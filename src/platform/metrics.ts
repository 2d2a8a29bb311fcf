import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import type { Clicks } from "../clicks/clicks.ts";
import type { Database } from "../db/database.ts";
import { jobMetrics, type MeasuredJobs } from "./worker/metrics.ts";
import type { ObservedJob } from "./worker/runs.ts";

/** What an API call came to, for the metrics. */
export interface Observed {
  readonly method: string;
  /** As registered, with `:link` and the like, so that there are few; `none` where nothing matched. */
  readonly route: string;
  readonly status: number;
  readonly seconds: number;
}

export interface Metrics {
  observe(call: Observed): void;
  observeJob(job: ObservedJob): void;
  /** In Prometheus' text format. */
  text(): Promise<string>;
  readonly contentType: string;
}

export interface Measured {
  readonly clicks: Pick<Clicks, "health">;
  readonly db: Pick<Database, "log">;
  readonly jobs: MeasuredJobs;
  cached(): { readonly links: number; readonly misses: number };
  ready(): boolean;
}

export function openMetrics({ clicks, db, jobs, cached, ready }: Measured): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  const seconds = new Histogram({
    name: "waypost_api_request_duration_seconds",
    help: "API calls by method, route and status.",
    labelNames: ["method", "route", "status"],
    buckets: [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 30],
    registers,
  });
  const told = (name: string, help: string, value: () => number) =>
    new Counter({
      name,
      help,
      registers,
      collect() {
        this.reset();
        this.inc(value());
      },
    });
  const shown = (name: string, help: string, value: () => number) =>
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(value());
      },
    });
  told(
    "waypost_clicks_recorded_total",
    "Visits written to the click journal.",
    () => clicks.health().recorded,
  );
  told("waypost_clicks_folded_total", "Clicks folded into the store.", () => clicks.health().folded);
  told(
    "waypost_journal_quarantined_total",
    "Damaged journal records set aside.",
    () => clicks.health().quarantined,
  );
  shown("waypost_journal_lag_bytes", "Journal not yet folded.", () => clicks.health().lagBytes);
  shown("waypost_redirect_cache_links", "Links kept in memory.", () => cached().links);
  shown("waypost_redirect_cache_misses", "Missing slugs kept in memory.", () => cached().misses);
  shown("waypost_database_wal_bytes", "Write-ahead log of the database.", () => db.log()?.walBytes ?? 0);
  shown(
    "waypost_database_wal_starved",
    "1 while a reader that does not end keeps the write-ahead log from being emptied.",
    () => Number(db.log()?.starved ?? false),
  );
  shown("waypost_ready", "1 when /readyz says so.", () => Number(ready()));
  new Counter({
    name: "waypost_clicks_unrecorded_total",
    help: "Visits that were answered and could not be recorded, by reason.",
    labelNames: ["reason"],
    registers,
    collect() {
      this.reset();
      for (const [reason, count] of Object.entries(clicks.health().unrecorded)) this.inc({ reason }, count);
    },
  });
  const { observeJob } = jobMetrics(registers, jobs);
  return {
    observeJob,
    observe: ({ method, route, status, seconds: took }) => seconds.observe({ method, route, status }, took),
    text: () => registry.metrics(),
    contentType: registry.contentType,
  };
}
