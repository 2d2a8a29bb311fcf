import { foldSlug } from "../lib/slug.ts";
import { heatMax, SecondChance, type Warm } from "./second-chance.ts";
import type { DomainSnapshot, LinkSnapshot, Route } from "./snapshot.ts";

/**
 * What one link, one missing slug or one unknown host resolved to. All spellings of its URL share it. One flat
 * object, because the way from object to object through cold memory is most of what a hit costs.
 */
export interface CachedRoute extends Warm {
  /** Null when the host is not ours. */
  readonly domain: DomainSnapshot | null;
  readonly link: LinkSnapshot | null;
  /** False from the moment the link changed: whoever holds it must resolve anew. */
  live: boolean;
  /**
   * Status and headers that every visit gets alike, made once: to copy them is half the work of making them.
   * Only the hottest links can afford it. (The Response itself cannot be kept: Bun empties what it has sent.)
   */
  answer: ResponseInit | null;
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
  readonly #links: SecondChance<CachedRoute>;
  readonly #misses: SecondChance<CachedRoute>;
  /** Who holds a ready answer, in the order they were made. */
  readonly #answered: (CachedRoute | undefined)[] = new Array(ANSWERS_MAX);
  #nextAnswer = 0;
  /** The living route of every (domain, slug key), to be found when it is dropped. */
  readonly #living = new Map<string, CachedRoute>();
  readonly #pending = new Map<string, { generation: number; route: Promise<CachedRoute> }>();
  /** When something was dropped last, so that a lookup begun before cannot bring it back. */
  readonly #droppedAt = new Map<string, number>();
  #generation = 0;
  #cleared = 0;

  constructor({ resolve, linksMax, missesMax = 10_000 }: RouteCacheOptions) {
    this.#resolve = resolve;
    const left = (kept: CachedRoute) => this.#forgetSpelling(kept);
    this.#links = new SecondChance(linksMax, left);
    this.#misses = new SecondChance(missesMax, left);
  }

  /** The route of a link that is in memory. Misses are not found here: `lookUp` knows them. */
  find(spelling: string): CachedRoute | undefined {
    return living(this.#links.get(spelling));
  }

  /** Keeps an answer that every visit gets alike, if the link is visited often enough to be worth the memory. */
  keepAnswer(kept: CachedRoute, answer: ResponseInit): void {
    if (kept.heat < heatMax || !kept.live) return;
    const before = this.#answered[this.#nextAnswer];
    if (before) before.answer = null;
    this.#answered[this.#nextAnswer] = kept;
    this.#nextAnswer = (this.#nextAnswer + 1) % ANSWERS_MAX;
    kept.answer = answer;
  }

  /** The route, from memory or from where links are kept. */
  lookUp(spelling: string, host: string, slug: string): CachedRoute | Promise<CachedRoute> {
    // A dead one among the links must not hide the living one among the misses.
    const found = living(this.#links.get(spelling)) ?? living(this.#misses.get(spelling));
    if (found) return found;
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
    this.#answered.fill(undefined);
  }

  /** For the metrics: spellings of links, spellings of all else, and what they stand for. */
  get size(): { links: number; misses: number; living: number } {
    return { links: this.#links.size, misses: this.#misses.size, living: this.#living.size };
  }

  #keep(spelling: string, host: string, slug: string, route: Route | null, began: number): CachedRoute {
    const key = route ? keyOf(route.domain.id, foldSlug(slug, route.domain.caseSensitive)) : keyOf("", host);
    const stale = began < this.#cleared || began < (this.#droppedAt.get(key) ?? 0);
    const { domain = null, link = null } = route ?? {};
    const fresh: CachedRoute = { domain, link, live: !stale, answer: null, heat: 0, spellings: 0, key };
    if (stale || spelling.length > SPELLING_LENGTH_MAX) return fresh;
    const kept = this.#living.get(key) ?? fresh;
    this.#living.set(key, kept);
    // Anyone can write one link in thousands of ways; only the first few may take the place of other links.
    const spellings = kept.link && kept.spellings < SPELLINGS_MAX ? this.#links : this.#misses;
    // What stood among the links before would be kept warm by visits to what is missing now.
    if (spellings === this.#misses && this.#links.peek(spelling)?.live === false)
      this.#links.delete(spelling);
    // Two lookups of one spelling may end here; it counts once.
    if (spellings.peek(spelling) !== kept) kept.spellings++;
    spellings.set(spelling, kept);
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
    // The first the hand comes to may go.
    kept.heat = 0;
    this.#living.delete(kept.key);
  }

  /** Every lookup under way becomes too old to be kept. */
  #forgetDrops(): void {
    this.#cleared = this.#generation;
    this.#droppedAt.clear();
  }
}

const living = (found: CachedRoute | undefined) => (found?.live ? found : undefined);
// A space cannot stand in an id.
const keyOf = (domainId: string, slugKey: string): string => `${domainId} ${slugKey}`;
/** About half a kilobyte each. */
const ANSWERS_MAX = 8192;
const SPELLINGS_MAX = 4;
const SPELLING_LENGTH_MAX = 2048;
const DROPS_REMEMBERED = 10_000;
