import type { Click } from "../click.ts";
import type { RecordedVisit } from "../journal/decode.ts";
import { agentReader } from "./agent.ts";
import { primaryLanguage } from "./language.ts";
import { memo } from "./memo.ts";
import { readReferrer } from "./referrer.ts";
import { readUtm } from "./utm.ts";
import { judge } from "./verdict.ts";

const HEADERS_MAX = 5000;

/** Makes clicks of recorded visits, and remembers the headers that come again and again. */
export function enricher(): (visit: RecordedVisit) => Click {
  const readAgent = agentReader();
  const referrerOf = memo(HEADERS_MAX, readReferrer);
  const utmOf = memo(HEADERS_MAX, readUtm);
  return (visit) => {
    const agent = readAgent(visit.userAgent);
    const { verdict, reason } = judge(visit, () => agent);
    const referrer = referrerOf(visit.referrer);
    const utm = utmOf(visit.query);
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
      agentKey: agent,
      referrerKey: referrer,
      campaignKey: utm,
    };
  };
}
