import type { Config } from "../config.ts";
import { type Outbound, openOutbound } from "../lib/outbound/outbound.ts";
import { VERSION } from "../version.ts";

/** The one door to the outside, as it is configured. */
export const outboundOf = (config: Config): Outbound =>
  openOutbound({
    allow: config.WAYPOST_OUTBOUND_ALLOW,
    deny: config.WAYPOST_OUTBOUND_DENY,
    userAgent: `Waypost/${VERSION}`,
  });
