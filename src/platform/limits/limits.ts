import { type After, systemAfter } from "../../lib/clock.ts";
import { neighbourhoodOf } from "../../lib/ip.ts";
import type { Service } from "../../lib/service.ts";
import type { Actor, Ports } from "../context.ts";
import { type Allowance, openCounter } from "./counter.ts";
import { openLimitKeeper } from "./keeper.ts";
import { type Limits, UNLIMITED } from "./tier.ts";

export interface CallLimits {
  /** Takes one call off what a caller may ask, or off a stranger's address; null when nothing limits it. */
  take(actor: Actor | null, address: string): Allowance | null;
  /** Keeps what was counted over a restart. */
  readonly service: Service;
}

export interface CallLimitsOptions extends Pick<Ports, "db" | "clock" | "log" | "config"> {
  /** The limits of a rate tier, or for null of the default. */
  limitsOf(tier: string | null): Limits;
  readonly after?: After | undefined;
}

/** How often anybody may call the API. */
export function openLimits({
  db,
  clock,
  log,
  config,
  limitsOf,
  after = systemAfter,
}: CallLimitsOptions): CallLimits {
  const callers = openCounter(clock, true);
  // Addresses are written down nowhere: strangers are counted in memory alone.
  const strangers = openCounter(clock);
  const ofStrangers = { ...UNLIMITED, minute: config.WAYPOST_RATE_LIMIT_ANONYMOUS || null };
  return {
    take: (actor, address) =>
      actor === null
        ? strangers.take(neighbourhoodOf(address), ofStrangers)
        : callers.take(subjectOf(actor), limitsOf(actor.application?.tier ?? null)),
    service: openLimitKeeper({ db, counter: callers, after, log }),
  };
}

/** Who shares a limit: a key, a person in a workspace, or each person who comes by way of a key. */
const subjectOf = ({ workspaceId, id, person, application }: Actor): string =>
  person !== null && application !== null
    ? `${workspaceId}:${application.keyId}:${id}`
    : `${workspaceId}:${id}`;
