import { LRUCache } from "lru-cache";
import type { Click } from "../click.ts";
import type { RecordedVisit } from "../journal/decode.ts";
import { agentReader } from "./agent.ts";
import { primaryLanguage } from "./language.ts";
import { type Referrer, readReferrer } from "./referrer.ts";
import { readUtm } from "./utm.ts";
import { judge } from "./verdict.ts";

const REFERRERS_MAX = 10_000;

/** Makes clicks of recorded visits, and remembers the headers that come again and again. */
export function enricher(): (visit: RecordedVisit) => Click {
  const readAgent = agentReader();
  const referrers = new LRUCache<string, Referrer>({ max: REFERRERS_MAX });
  const referrerOf = (header: string): Referrer => {
    const known = referrers.get(header);
    if (known !== undefined) return known;
    const read = readReferrer(header);
    referrers.set(header, read);
    return read;
  };
  return (visit) => {
    const agent = readAgent(visit.userAgent);
    const { verdict, reason } = judge(visit, () => agent);
    const referrer = referrerOf(visit.referrer);
    const utm = readUtm(visit.query);
    return {
      id: visit.id,
      at: visit.at,
      workspaceId: visit.workspaceId,
      domainId: visit.domainId,
      linkId: visit.linkId,
      linkVersion: visit.linkVersion,
      outcome: visit.outcome,
      trigger: visit.trigger,
      ruleId: visit.ruleId,
      variantId: visit.variantId,
      verdict,
      reason,
      visitor: visit.visitor,
      network: visit.network,
      referrerHost: referrer.host,
      referrerUrl: referrer.url,
      device: agent.device,
      browser: agent.browser,
      browserVersion: agent.browserVersion,
      os: agent.os,
      osVersion: agent.osVersion,
      engine: agent.engine,
      language: primaryLanguage(visit.language),
      utmSource: utm.utmSource,
      utmMedium: utm.utmMedium,
      utmCampaign: utm.utmCampaign,
      utmTerm: utm.utmTerm,
      utmContent: utm.utmContent,
    };
  };
}
