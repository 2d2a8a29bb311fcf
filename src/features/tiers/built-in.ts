import type { Config } from "../../config.ts";
import { type Limits, UNLIMITED } from "../../platform/limits/tier.ts";

/** The name of the tier that the settings describe. */
export const DEFAULT_TIER = "default";

const builtIn: Readonly<Record<string, Limits & { readonly about: string }>> = {
  mobile: { about: "Apps on phones.", minute: 60, hour: 1000, day: 20_000 },
  live: { about: "A platform's own servers.", minute: 120, hour: 5000, day: 100_000 },
  crm: { about: "CRM systems.", minute: 300, hour: 15_000, day: 300_000 },
  third_party: { about: "Programs of others.", minute: 60, hour: 2000, day: 40_000 },
  admin: { about: "No limit.", ...UNLIMITED },
  pro: { about: "1,000 calls an hour.", ...UNLIMITED, hour: 1000 },
  enterprise: { about: "10,000 calls an hour.", ...UNLIMITED, hour: 10_000 },
};

/** Tiers that need no table: those of the program, and the one that WAYPOST_RATE_LIMIT makes. */
export function builtInTiers({
  WAYPOST_RATE_LIMIT: perMinute,
}: Pick<Config, "WAYPOST_RATE_LIMIT">): typeof builtIn {
  const minute = perMinute === 0 ? null : perMinute;
  return { [DEFAULT_TIER]: { about: "As WAYPOST_RATE_LIMIT says.", ...UNLIMITED, minute }, ...builtIn };
}
