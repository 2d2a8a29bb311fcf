import { invalid } from "../../lib/errors.ts";
import { isAddress } from "../../lib/ip.ts";
import type { Context } from "../../platform/context.ts";
import { momentOf } from "../../platform/schema.ts";
import { type Decision, decide, limitReached, sentTo } from "../../redirect/decide.ts";
import { pages } from "../../redirect/pages.ts";
import { explain } from "../../redirect/rules/explain.ts";
import type { ExplainedRule } from "../../redirect/rules.ts";
import type { DomainSnapshot, LinkSnapshot } from "../../redirect/snapshot.ts";
import { countedOutcomes } from "../../redirect/visit.ts";
import {
  KEY_COOKIE,
  Visitor,
  type VisitorNetwork,
  type VisitorPlace,
  type VisitorPorts,
} from "../../redirect/visitor.ts";
import { findLink, type LinkName } from "../links/find.ts";
import { shortUrl } from "../links/short-url.ts";
import type { Routing } from "./routing.ts";
import type { ImaginedVisitor, Simulation } from "./visitor-model.ts";

/** What simulating takes of the redirect: the snapshots it reads, and what it asks about visitors. */
export interface Stage {
  readonly routing: Routing;
  readonly visitors: VisitorPorts;
}

/** Where a visitor would go and why, by the very snapshot and code that answer real ones. Nothing is counted. */
export async function simulate(
  ctx: Context,
  { routing, visitors }: Stage,
  name: LinkName,
  imagined: ImaginedVisitor,
): Promise<Simulation> {
  const { row, host } = await findLink(ctx.db.read, ctx, name);
  const { route, rules } = await routing.read(host, row.slug);
  // Deleted, or of a workspace that is: nobody sees the link.
  if (!route?.link) return { rules: [], answer: nowhere };
  const { domain, link } = route;
  const clicks = imagined.clicks ?? (link.extras?.needs?.clicks ? await ctx.clicks.used(link.id) : null);
  const visitor = imaginedVisitor(
    { ctx, visitors, domain, link, clicks, url: shortUrl(ctx, host, row.slug) },
    imagined,
  );
  const decision = await limited(
    ctx,
    domain,
    link,
    decide(domain, link, { at: visitor.at, root: false, visitor, unlocked: imagined.unlocked ?? false }),
  );
  return { rules: told(rules, visitor, decision), answer: answerOf(decision, visitor.query) };
}

async function limited(
  ctx: Context,
  domain: DomainSnapshot,
  link: LinkSnapshot,
  decision: Decision,
): Promise<Decision> {
  if (link.clicksLimit === null || decision.outcome === null || !countedOutcomes.has(decision.outcome))
    return decision;
  return (await ctx.clicks.exhausted(link.id, link.clicksLimit)) ? limitReached(domain, link) : decision;
}

const ruleOf = (decision: Decision): string => (decision.kind === "redirect" ? (decision.ruleId ?? "") : "");

const told = (rules: readonly ExplainedRule[], visitor: Visitor, decision: Decision): Simulation["rules"] =>
  rules.map(({ id, condition }) => {
    const { result, decidedBy, conditions } = explain(condition, visitor);
    return {
      id,
      result,
      chosen: ruleOf(decision) === id,
      decidedBy,
      conditions: conditions.map(
        ({ path, condition: { field, operator, value }, result: one, given, needs }) => ({
          path,
          field,
          operator,
          value: value ?? null,
          result: one,
          given: given ?? null,
          needs,
        }),
      ),
    };
  });

const nowhere = { outcome: "not_found", status: 404, location: null, ruleId: null, variantId: null };

function answerOf(decision: Decision, query: string): Simulation["answer"] {
  const { outcome } = decision;
  if (decision.kind === "redirect")
    return {
      outcome,
      status: decision.status,
      location: sentTo(decision, query),
      ruleId: decision.ruleId || null,
      variantId: decision.variantId || null,
    };
  return { outcome, status: statusOf(decision), location: null, ruleId: null, variantId: null };
}

function statusOf(decision: Exclude<Decision, { kind: "redirect" }>): number {
  if (decision.kind === "track") return 204;
  return pages[decision.kind === "page" ? decision.page : decision.kind].status;
}

interface Scene {
  readonly ctx: Context;
  readonly visitors: VisitorPorts;
  readonly domain: DomainSnapshot;
  readonly link: LinkSnapshot;
  readonly clicks: number | null;
  readonly url: string;
}

function imaginedVisitor(
  { ctx, visitors, domain, link, clicks, url }: Scene,
  imagined: ImaginedVisitor,
): Visitor {
  const address = imagined.ip ?? "";
  if (address !== "" && !isAddress(address)) throw invalid("/ip", "ip is no address");
  const query = (imagined.query ?? "").replace(/^\?/, "");
  return new Visitor(
    {
      at: imagined.time === undefined ? ctx.clock.now() : momentOf("/time", imagined.time),
      method: imagined.method ?? "GET",
      url: query === "" ? url : `${url}?${query}`,
      query,
      headers: headersOf(imagined),
      address: () => address,
      domainId: domain.id,
      linkId: link.id,
      clicks,
      rate: (whose) => (whose === "visitor" ? imagined.visitorRate : imagined.linkRate) ?? 1,
    },
    {
      ...visitors,
      locate: (of) => placeOf(imagined, address === "" ? null : visitors.locate(of)),
      network: (of) => networkOf(imagined, address === "" ? null : visitors.network(of)),
      dailyKey: (of) => imagined.visitorKey ?? visitors.dailyKey(of),
    },
  );
}

function headersOf({
  headers,
  userAgent,
  language,
  referrer,
  cookies,
  returning,
  visitorKey,
}: ImaginedVisitor): Headers {
  let all: Headers;
  try {
    all = new Headers(headers);
  } catch {
    throw invalid("/headers", "headers hold a name or a value that no header can have");
  }
  const put = (path: string, name: string, value: string | undefined): void => {
    if (value === undefined) return;
    try {
      all.set(name, value);
    } catch {
      throw invalid(path, `${path.slice(1)} holds what no header can`);
    }
  };
  put("/userAgent", "user-agent", userAgent);
  put("/language", "accept-language", language);
  put("/referrer", "referer", referrer);
  const kept = returning ? { [KEY_COOKIE]: visitorKey ?? NOBODYS_KEY } : {};
  const pairs = Object.entries({ ...cookies, ...kept });
  if (pairs.length > 0) put("/cookies", "cookie", pairs.map((pair) => pair.join("=")).join("; "));
  return all;
}

const NOBODYS_KEY = "A".repeat(22);

const placeNames = ["country", "region", "city", "continent", "latitude", "longitude", "timezone"] as const;
const unknownPlace: VisitorPlace = {
  country: "",
  region: "",
  city: "",
  continent: "",
  latitude: null,
  longitude: null,
  timeZone: "",
};

/** Given parts count before those a database knows. */
function placeOf(imagined: ImaginedVisitor, known: VisitorPlace | null): VisitorPlace | null {
  if (placeNames.every((name) => imagined[name] === undefined)) return known;
  const { country, region, city, continent, latitude, longitude, timezone } = imagined;
  const base = known ?? unknownPlace;
  return {
    country: country?.toUpperCase() ?? base.country,
    region: region ?? base.region,
    city: city ?? base.city,
    continent: continent?.toUpperCase() ?? base.continent,
    latitude: latitude ?? base.latitude,
    longitude: longitude ?? base.longitude,
    timeZone: timezone ?? base.timeZone,
  };
}

function networkOf(imagined: ImaginedVisitor, known: VisitorNetwork | null): VisitorNetwork | null {
  const { asn, isp, datacenter, vpn, proxy, tor } = imagined;
  if ([asn, isp, datacenter, vpn, proxy, tor].every((one) => one === undefined)) return known;
  return {
    asn: asn ?? known?.asn ?? null,
    isp: isp ?? known?.isp ?? "",
    datacenter: datacenter ?? known?.datacenter ?? null,
    vpn: vpn ?? known?.vpn ?? null,
    proxy: proxy ?? known?.proxy ?? null,
    tor: tor ?? known?.tor ?? null,
  };
}
