import { LRUCache } from "lru-cache";
import { foldSlug } from "../lib/slug.ts";
import type { DomainSnapshot, LinkSnapshot, Route } from "./snapshot.ts";

/**
 * What one link, one missing slug or one unknown host resolved to. All spellings of its URL share it. One flat
 * object, because the way from object to object through cold memory is most of what a hit costs.
 */
export interface CachedRoute {
  /** Null when the host is not ours. */
  readonly domain: DomainSnapshot | null;
  readonly link: LinkSnapshot | null;
  /** False from the moment the link changed: whoever holds it must resolve anew. */
  live: boolean;
  /** The answer, made once, where every visit gets the same. Only the hottest links can afford one. */
  answer: Response | null;
  /** How many spellings lead here. */
  spellings: number;
  readonly key: string;
}

export interface RouteCacheOptions {
  /**
   * Looks a host (lower case, no port) and slug (`slugOf`, not folded) up where links are kept: at once
   * (SQLite) or later (Postgres). A null link says that the domain has no such slug; null, that the host is
   * unknown. The slug of a domain's root is empty.
   */
  resolve(host: string, slug: string): Route | null | Promise<Route | null>;
  /** Links kept in memory. */
  readonly linksMax: number;
  /** Misses and odd spellings kept beside them, apart, so that a flood of them pushes no link out. */
  readonly missesMax?: number;
}

/**
 * Routes in memory, found by the raw text of the URL up to its query: a hit parses, decodes and folds nothing.
 */
export class RouteCache {
  readonly #resolve: RouteCacheOptions["resolve"];
  readonly #links: LRUCache<string, CachedRoute>;
  readonly #misses: LRUCache<string, CachedRoute>;
  /**
   * The hottest links again, in a plain Map, because keeping an LRU in order costs more than all else of a hit.
   * A full one is put aside to cool, so that each link passes by the LRU now and then and is not thought unused;
   * what cools twice loses its answer.
   */
  #hot = new Map<string, CachedRoute>();
  #cooling = new Map<string, CachedRoute>();
  readonly #hotMax: number;
  /** The living route of every (domain, slug key), to be found when it is dropped. */
  readonly #living = new Map<string, CachedRoute>();
  readonly #pending = new Map<string, { generation: number; route: Promise<CachedRoute> }>();
  /** When something was dropped last, so that a lookup begun before cannot bring it back. */
  readonly #droppedAt = new Map<string, number>();
  #generation = 0;
  #cleared = 0;

  constructor({ resolve, linksMax, missesMax = 10_000 }: RouteCacheOptions) {
    this.#resolve = resolve;
    const dispose = (route: CachedRoute) => this.#forgetSpelling(route);
    this.#links = new LRUCache({ max: linksMax, dispose });
    this.#misses = new LRUCache({ max: missesMax, dispose });
    this.#hotMax = Math.min(HOT_MAX, Math.ceil(linksMax / 4));
  }

  /** The route of a link that is in memory. Misses are not found here: `lookUp` knows them. */
  find(spelling: string): CachedRoute | undefined {
    const found = this.#hot.get(spelling) ?? this.#heat(spelling);
    return found?.live ? found : undefined;
  }

  /** The route, from memory or from where links are kept. */
  lookUp(spelling: string, host: string, slug: string): CachedRoute | Promise<CachedRoute> {
    const found = this.#links.get(spelling) ?? this.#misses.get(spelling);
    if (found?.live) return found;
    const waiting = this.#pending.get(spelling);
    // One begun before the last change may know less than this caller must be told.
    if (waiting?.generation === this.#generation) return waiting.route;
    const began = this.#generation;
    const resolved = this.#resolve(host, slug);
    if (!(resolved instanceof Promise)) return this.#keep(spelling, host, slug, resolved, began);
    const route = resolved
      .then((late) => this.#keep(spelling, host, slug, late, began))
      .finally(() => {
        if (this.#pending.get(spelling)?.route === route) this.#pending.delete(spelling);
      });
    this.#pending.set(spelling, { generation: began, route });
    return route;
  }

  /** Forgets one slug of a domain, known or missing, in every spelling. `slugKey` is `foldSlug`'s. */
  drop(domainId: string, slugKey: string): void {
    const key = keyOf(domainId, slugKey);
    this.#generation++;
    this.#droppedAt.set(key, this.#generation);
    if (this.#droppedAt.size > DROPS_REMEMBERED) this.#forgetDrops();
    this.#end(this.#living.get(key));
  }

  /** Forgets everything of a domain, and all unknown hosts: one of them may be its new name. */
  dropDomain(domainId: string): void {
    this.#generation++;
    this.#forgetDrops();
    for (const kept of [...this.#living.values()])
      if (kept.domain === null || kept.domain.id === domainId) this.#end(kept);
  }

  clear(): void {
    this.#generation++;
    this.#forgetDrops();
    for (const kept of this.#living.values()) kept.live = false;
    this.#living.clear();
    this.#links.clear();
    this.#misses.clear();
    this.#hot.clear();
    this.#cooling.clear();
  }

  /** For the metrics: spellings of links, spellings of all else, and what they stand for. */
  get size(): { links: number; misses: number; living: number } {
    return { links: this.#links.size, misses: this.#misses.size, living: this.#living.size };
  }

  #keep(spelling: string, host: string, slug: string, route: Route | null, began: number): CachedRoute {
    const key = route ? keyOf(route.domain.id, foldSlug(slug, route.domain.caseSensitive)) : keyOf("", host);
    const stale = began < this.#cleared || began < (this.#droppedAt.get(key) ?? 0);
    const { domain = null, link = null } = route ?? {};
    const fresh: CachedRoute = { domain, link, live: !stale, answer: null, spellings: 0, key };
    if (stale || spelling.length > SPELLING_LENGTH_MAX) return fresh;
    const kept = this.#living.get(key) ?? fresh;
    this.#living.set(key, kept);
    // Anyone can write one link in thousands of ways; only the first few may take the place of other links.
    const spellings = kept.link && kept.spellings < SPELLINGS_MAX ? this.#links : this.#misses;
    // Two lookups of one spelling may end here; it counts once.
    if (spellings.peek(spelling) !== kept) kept.spellings++;
    spellings.set(spelling, kept);
    return kept;
  }

  #heat(spelling: string): CachedRoute | undefined {
    const kept = this.#links.get(spelling);
    if (!kept?.live) return undefined;
    if (this.#hot.size >= this.#hotMax) {
      for (const cold of this.#cooling.values()) cold.answer = null;
      this.#cooling = this.#hot;
      this.#hot = new Map();
    }
    this.#hot.set(spelling, kept);
    return kept;
  }

  #forgetSpelling(kept: CachedRoute): void {
    kept.spellings--;
    // Who is in no list any more cannot be told of a change, so it must not be believed either.
    if (kept.spellings === 0 && kept.live) this.#end(kept);
  }

  #end(kept: CachedRoute | undefined): void {
    if (!kept) return;
    kept.live = false;
    this.#living.delete(kept.key);
  }

  /** Every lookup under way becomes too old to be kept. */
  #forgetDrops(): void {
    this.#cleared = this.#generation;
    this.#droppedAt.clear();
  }
}

// A space cannot stand in an id.
const keyOf = (domainId: string, slugKey: string): string => `${domainId} ${slugKey}`;
const HOT_MAX = 4096;
const SPELLINGS_MAX = 4;
const SPELLING_LENGTH_MAX = 2048;
const DROPS_REMEMBERED = 10_000;
