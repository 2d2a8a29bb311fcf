import type { Clock } from "../lib/clock.ts";
import type { Network } from "../lib/ip.ts";
import { answerHere, branded, redirectHeaders, redirectTo } from "./answers.ts";
import type { CachedRoute, RouteCache } from "./cache.ts";
import { clientReader, type Peers } from "./client.ts";
import { type Decision, decide, limitReached, sentTo } from "./decide.ts";
import type { Locks } from "./locks.ts";
import type { Misses } from "./misses.ts";
import { pageResponse, pages } from "./pages.ts";
import { type Place, placeOf } from "./place.ts";
import { findPrefix } from "./prefix.ts";
import { openRates } from "./rates.ts";
import { hostHeader, methodOf, type Reading, readVisit } from "./reading.ts";
import { heatMax } from "./second-chance.ts";
import type { DomainSnapshot, LinkSnapshot } from "./snapshot.ts";
import { unlock } from "./unlock.ts";
import { countedOutcomes, type Visit } from "./visit.ts";
import type { Visitor, VisitorPorts } from "./visitor.ts";
import { cookieFor, visitorOf } from "./visitors.ts";

/** The whole world of the redirect. */
export interface RedirectPorts {
  readonly routes: RouteCache;
  /** Writes the visit down. The answer waits for a promise; a failure is told and changes nothing. */
  record(visit: Visit): void | Promise<void>;
  /** Takes one click off a link's limit; false when none is left. Asked only for links that have one. */
  claim(linkId: string, limit: number): boolean | Promise<boolean>;
  /** Whether a limit is used up, taking nothing: for visits that use up none, which must not slip past it. */
  exhausted(linkId: string, limit: number): boolean | Promise<boolean>;
  /** How many clicks a link has had. Asked only for links whose rules want to know. */
  used(linkId: string): number | Promise<number>;
  /** Whether this visit is a person's click, which uses up a limit. Asked only for links that have one. */
  consumes(facts: VisitFacts): boolean;
  /** Who asks for too much that is not there. Left out, nobody is refused. */
  readonly misses?: Misses;
  /** A visit was refused because its client guesses slugs. It is not recorded. */
  throttled?(domain: DomainSnapshot, at: number): void;
  /** What links with extras want to know of their visitors. */
  readonly visitors: VisitorPorts;
  /** Who may pass links with a password. */
  readonly locks: Locks;
  /** Whether the visitor's browser speaks TLS; left out, it is not known to. */
  secure?(request: Request, peers: Peers): boolean;
  readonly clock: Clock;
  /** Networks whose X-Forwarded-For is believed. */
  readonly trustedProxies: readonly Network[];
  /** The address the server listens on, as `clientReader` wants to know it. */
  readonly listensOn?: string;
  /** Told of what failed while a visitor was answered nevertheless. */
  failed(what: "resolve" | "record" | "claim" | "unlock", error: unknown): void;
}

/** A visit before it is known what becomes of it. */
export type VisitFacts = Omit<Visit, "outcome">;
export type Answer = Response | Promise<Response>;

export interface RedirectHandler {
  /** Answers any request for a short link. */
  (request: Request, peers: Peers): Answer;
  /** Answers when `url` (the request's) is a link in memory; null otherwise, and nothing has happened. */
  ifKnown(url: string, request: Request, peers: Peers): Answer | null;
}

/** Answers visitors. It waits for nothing but the lookup, and nearly always the link is in memory. */
export function redirectHandler(ports: RedirectPorts): RedirectHandler {
  const { routes, clock } = ports;
  const addressOf = clientReader(ports.trustedProxies, ports.listensOn);
  const rates = openRates();

  const handler: RedirectHandler = (request, peers) => {
    const { url } = request;
    try {
      return handler.ifKnown(url, request, peers) ?? lookUp(url, request, peers);
    } catch (error) {
      return unavailable(error);
    }
  };

  handler.ifKnown = (url, request, peers) => {
    const queryAt = url.indexOf("?");
    const kept = routes.find(queryAt < 0 ? url : url.slice(0, queryAt));
    return kept ? serve(kept, false, queryAt < 0 ? "" : url.slice(queryAt + 1), request, peers) : null;
  };

  function lookUp(url: string, request: Request, peers: Peers): Answer {
    if (methodOf(request.method) === null) return pageResponse(pages.method);
    const place = placeOf(url);
    if (place === null) return pageResponse(pages.bad_request);
    const { spelling, host, slug } = place;
    if (slug !== "" && isGuessing(host, request, peers)) return pageResponse(pages.too_many);
    const kept = routes.lookUp(spelling, host, slug);
    return kept instanceof Promise
      ? kept.then((late) => answerPlace(late, place, request, peers)).catch(unavailable)
      : answerPlace(kept, place, request, peers);
  }

  function answerPlace(kept: CachedRoute, place: Place, request: Request, peers: Peers): Answer {
    if (kept.link === null && kept.domain?.forwardsPaths && place.slug.includes("/"))
      return findPrefix(routes, place.spelling, place.host).then(
        (found) => serve(found?.kept ?? kept, false, place.query, request, peers, found?.rest),
        unavailable,
      );
    return serve(kept, place.slug === "", place.query, request, peers);
  }

  /** Asked before the lookup, which would bring a link that was guessed into memory, where everybody gets it. */
  function isGuessing(host: string, request: Request, peers: Peers): boolean {
    const { misses } = ports;
    const at = clock.now();
    if (!misses?.refusesAny(at)) return false;
    const domain = misses.refused(addressOf(request, peers), host, at);
    if (domain !== null) ports.throttled?.(domain, at);
    return domain !== null;
  }

  function serve(
    kept: CachedRoute,
    root: boolean,
    query: string,
    request: Request,
    peers: Peers,
    rest = "",
  ): Answer {
    const method = methodOf(request.method);
    if (method === null) return pageResponse(pages.method);
    const { headers } = request;
    if (hostHeader(headers) === null) return pageResponse(pages.bad_request);
    const { domain } = kept;
    if (domain === null) return pageResponse(pages.unknown_host);
    const reading: Reading = { domain, link: kept.link, root, query, rest, method, request, headers, peers };
    const hash = method === "POST" ? kept.link?.extras?.passwordHash : null;
    if (hash) return unlocked(reading, kept, kept.link!, hash);
    // An unread body could hide a second request; it is taken in before anything is answered.
    if (method !== "GET" && method !== "HEAD" && request.body !== null)
      return request.arrayBuffer().then(
        () => decideAndAnswer(reading, kept),
        () => pageResponse(pages.bad_request),
      );
    return decideAndAnswer(reading, kept);
  }

  function decideAndAnswer(reading: Reading, kept: CachedRoute): Answer {
    const { domain, link, root } = reading;
    const at = clock.now();
    if (link === null || link.extras === null)
      return carryOut(decide(domain, link, { at, root }), reading, kept, at, null);
    return meet(reading, link, at, (visitor) =>
      carryOut(decideFor(visitor, reading, link, at, false), reading, kept, at, visitor),
    );
  }

  /** Makes the visitor of a link that looks at them, with what its rules want to know. */
  function meet(reading: Reading, link: LinkSnapshot, at: number, answer: (who: Visitor) => Answer): Answer {
    const look = (clicks: number | null): Answer =>
      answer(visitorOf(reading, link, { at, clicks, addressOf, ports: ports.visitors, rates }));
    if (!link.extras?.needs?.clicks) return look(null);
    const used = ports.used(link.id);
    return used instanceof Promise ? used.then(look).catch(unavailable) : look(used);
  }

  function decideFor(
    visitor: Visitor,
    { domain, root, rest }: Reading,
    link: LinkSnapshot,
    at: number,
    shown: boolean,
  ): Decision {
    const hash = link.extras?.passwordHash ?? null;
    const unlocked = shown || (hash !== null && ports.locks.isOpen({ id: link.id, hash }, visitor));
    return decide(domain, link, { at, root, visitor, unlocked, rest });
  }

  function unlocked(reading: Reading, kept: CachedRoute, link: LinkSnapshot, hash: string): Answer {
    const { request, peers } = reading;
    return meet(reading, link, clock.now(), (visitor) =>
      unlock({
        request,
        link: { id: link.id, hash },
        locks: ports.locks,
        address: addressOf(request, peers),
        secure: ports.secure?.(request, peers) ?? false,
        now: () => clock.now(),
        decide: (at, shown) => decideFor(visitor, reading, link, at, shown),
        shown: (page) => branded(page, reading.domain.brand),
        carryOut: (decision, at) => carryOut(decision, reading, kept, at, visitor),
      }).catch((error: unknown) => {
        ports.failed("unlock", error);
        return pageResponse(pages.unavailable);
      }),
    );
  }

  function carryOut(
    decision: Decision,
    reading: Reading,
    kept: CachedRoute,
    at: number,
    visitor: Visitor | null,
  ): Answer {
    const { link } = reading;
    if (decision.outcome === null) return respond(decision, "", kept, null);
    const visit = readVisit(reading, addressOf, at, decision, visitor);
    if (link === null) ports.misses?.add(visit.address, reading.domain, at);
    const cookie = visitor && cookieOf(visitor, reading);
    // Rules that look at clicks want them counted as exactly as limits do.
    const limit = link?.clicksLimit ?? (link?.extras?.needs?.clicks ? Number.POSITIVE_INFINITY : null);
    return limit !== null && countedOutcomes.has(decision.outcome)
      ? claimAndAnswer(decision, visit, limit, kept, cookie)
      : recordAndAnswer(decision, visit, kept, cookie);
  }

  const cookieOf = (visitor: Visitor, { link, request, peers }: Reading): string | null =>
    cookieFor(visitor, link?.extras?.needs, () => ports.secure?.(request, peers) ?? false);

  function claimAndAnswer(
    decision: Decision,
    visit: Visit,
    limit: number,
    kept: CachedRoute,
    cookie: string | null,
  ): Answer {
    const link = visit.link!;
    const settle = (granted: boolean): Answer => {
      if (granted) return recordAndAnswer(decision, visit, kept, cookie);
      const refused: Visit = { ...visit, outcome: "limit_reached", ruleId: "", variantId: "" };
      return recordAndAnswer(limitReached(visit.domain, link), refused, kept, null);
    };
    const refuse = (error: unknown): Response => {
      ports.failed("claim", error);
      return pageResponse(pages.unavailable);
    };
    try {
      const granted = ports.consumes(visit)
        ? ports.claim(link.id, limit)
        : negated(ports.exhausted(link.id, limit));
      return granted instanceof Promise ? granted.then(settle, refuse) : settle(granted);
    } catch (error) {
      return refuse(error);
    }
  }

  function recordAndAnswer(
    decision: Decision,
    visit: Visit,
    kept: CachedRoute,
    cookie: string | null,
  ): Answer {
    try {
      const recorded = ports.record(visit);
      if (recorded instanceof Promise)
        return recorded.catch(unrecorded).then(() => respond(decision, visit.query, kept, cookie));
    } catch (error) {
      unrecorded(error);
    }
    return respond(decision, visit.query, kept, cookie);
  }

  function respond(decision: Decision, query: string, kept: CachedRoute, cookie: string | null): Response {
    if (decision.kind !== "redirect") return answerHere(decision, kept.domain?.brand ?? null);
    const { location, status } = decision;
    if (cookie !== null) return redirectTo(sentTo(decision, query), status, cookie);
    if (decision.forwardQuery && query !== "") return redirectTo(sentTo(decision, query), status);
    if (decision.outcome !== "redirected") return redirectTo(location, status);
    if (kept.answer !== null) return new Response(null, kept.answer);
    if (kept.heat === heatMax && kept.link?.extras === null)
      routes.keepAnswer(kept, { status, headers: new Headers(redirectHeaders(location)) });
    return redirectTo(location, status);
  }

  const unrecorded = (error: unknown): void => ports.failed("record", error);
  const unavailable = (error: unknown): Response => {
    ports.failed("resolve", error);
    return pageResponse(pages.unavailable);
  };

  return handler;
}

const negated = (answer: boolean | Promise<boolean>): boolean | Promise<boolean> =>
  answer instanceof Promise ? answer.then((yes) => !yes) : !answer;
