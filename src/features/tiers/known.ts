import type { Database } from "../../db/database.ts";
import type { Ports } from "../../platform/context.ts";
import type { Event } from "../../platform/events.ts";
import { type Limits, UNLIMITED } from "../../platform/limits/tier.ts";
import { builtInTiers, DEFAULT_TIER } from "./built-in.ts";
import type { Tier } from "./model.ts";

/** Tiers in memory: asked on every call. */
export interface KnownTiers {
  /** The limits of a tier; those of the default for null, and for a name that is no more. */
  of(name: string | null): Limits;
  heard(event: Event): void;
}

/** How old what other processes may have changed can be. */
const FRESH_MS = 1000;

/** Reads the operator's tiers, and keeps up with their changes. */
export async function openTiers({
  db,
  config,
  log,
}: Pick<Ports, "db" | "config" | "log">): Promise<KnownTiers> {
  const builtIn = builtInTiers(config);
  const shared = db.signals !== null;
  let own = await read(db);
  let readAt = performance.now();
  let reading = false;

  function keepFresh(): void {
    if (!shared || reading || performance.now() - readAt < FRESH_MS) return;
    reading = true;
    read(db)
      .then((rows) => {
        own = rows;
      })
      .catch((error: unknown) => log.warning("could not read the rate tiers", { error }))
      .finally(() => {
        readAt = performance.now();
        reading = false;
      });
  }

  const find = (name: string): Limits | undefined =>
    Object.hasOwn(builtIn, name) ? builtIn[name] : own.get(name);
  if (!find(config.WAYPOST_RATE_TIER))
    log.warning(`WAYPOST_RATE_TIER names no tier: "${DEFAULT_TIER}" is used until there is one`, {
      tier: config.WAYPOST_RATE_TIER,
    });

  return {
    of(name) {
      keepFresh();
      return (
        (name === null ? undefined : find(name)) ??
        find(config.WAYPOST_RATE_TIER) ??
        builtIn[DEFAULT_TIER] ??
        UNLIMITED
      );
    },
    heard({ type, data }) {
      if (!type.startsWith("tier.")) return;
      const { name, perMinute: minute, perHour: hour, perDay: day } = data as Tier;
      const changed = new Map(own);
      if (type === "tier.deleted") changed.delete(name);
      else changed.set(name, { minute, hour, day });
      own = changed;
    },
  };
}

async function read({ read: queries, tables: { tiers } }: Database): Promise<Map<string, Limits>> {
  const rows = await queries.select().from(tiers);
  return new Map(
    rows.map((row) => [row.name, { minute: row.perMinute, hour: row.perHour, day: row.perDay }]),
  );
}
