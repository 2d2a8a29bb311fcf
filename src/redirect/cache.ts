import { LRUCache } from "lru-cache";
import { foldSlug } from "../lib/slug.ts";
import type { Route } from "./snapshot.ts";

/** What one link, one missing slug or one unknown host resolved to. All spellings of its URL share it. */
export interface CachedRoute {
  /** Null when the host is not ours. */
  readonly route: Route | null;
  /** False from the moment the link changed: whoever holds it must resolve anew. */
  live: boolean;
  /** How many spellings lead here. */
  spellings: number;
  readonly key: string;
}

/** A link that is visited right now, under one spelling. */
export interface HotRoute {
  readonly kept: CachedRoute;
  /** The answer, made once, where it is the same for every visit. Only the hottest links can afford one. */
  answer: Response | null;
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
   * The hottest links again, in plain Maps, because keeping an LRU in order costs more than all else a hit
   * does. When the new ones are many they become the old ones, and those nobody asked for again are let go.
   */
  #hot = new Map<string, HotRoute>();
  #cooling = new Map<string, HotRoute>();
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
  find(spelling: string): HotRoute | undefined {
    const hot = this.#hot.get(spelling) ?? this.#heat(spelling);
    return hot?.kept.live ? hot : undefined;
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
      if (kept.route === null || kept.route.domain.id === domainId) this.#end(kept);
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
    if (stale || spelling.length > SPELLING_LENGTH_MAX) return { route, live: false, spellings: 0, key };
    const known = this.#living.get(key);
    const kept = known ?? { route, live: true, spellings: 0, key };
    this.#living.set(key, kept);
    // Anyone can write one link in thousands of ways; only the first few may take the place of other links.
    const spellings = kept.route?.link && kept.spellings < SPELLINGS_MAX ? this.#links : this.#misses;
    // Two lookups of one spelling may end here; it counts once.
    if (spellings.peek(spelling) !== kept) kept.spellings++;
    spellings.set(spelling, kept);
    return kept;
  }

  #heat(spelling: string): HotRoute | undefined {
    // Asked even when it is only cooling: this is what keeps a hot link from being the least recently used.
    const kept = this.#links.get(spelling);
    if (!kept?.live) return undefined;
    const cooling = this.#cooling.get(spelling);
    const hot = cooling?.kept === kept ? cooling : { kept, answer: null };
    if (this.#hot.size >= this.#hotMax) {
      this.#cooling = this.#hot;
      this.#hot = new Map();
    }
    this.#hot.set(spelling, hot);
    return hot;
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
