import { LRUCache } from "lru-cache";

/** Counts limited links in memory, so that a limit is exact however many visitors come at once. */
export interface Claims {
  /** Takes one click off the limit; false when none is left. Whoever is granted one records it at once. */
  claim(linkId: string, limit: number): boolean | Promise<boolean>;
  /** Whether none is left, taking nothing. */
  exhausted(linkId: string, limit: number): boolean | Promise<boolean>;
  /** How many there were, taking nothing. */
  used(linkId: string): number | Promise<number>;
  /** The link's clicks went on without claims, or were forgotten: count it anew when it is claimed again. */
  forget(linkId: string): void;
  forgetAll(): void;
  readonly size: number;
}

/** Links remembered; those claimed longest ago are counted anew when they are claimed again. */
const KNOWN_MAX = 100_000;

interface Counted {
  count: number;
}

/** The one question that is out for a link's clicks. */
interface Asked {
  readonly answer: Promise<Counted>;
  /** Forgotten meanwhile: the answer serves those who wait for it, and nobody after them. */
  isStale: boolean;
}

/** @param load the clicks of a link, everything recorded so far included */
export function openClaims(load: (linkId: string) => Promise<number>, knownMax = KNOWN_MAX): Claims {
  const known = new LRUCache<string, Counted>({ max: knownMax });
  // Apart from what may be evicted: two answers at once would each grant what is left.
  const asking = new Map<string, Asked>();

  const take = (link: Counted, limit: number): boolean => {
    if (link.count >= limit) return false;
    link.count++;
    return true;
  };

  function ask(linkId: string, before: Asked | undefined): Asked {
    const answer = passed(before).then(async () => {
      try {
        const link = { count: await load(linkId) };
        if (asking.get(linkId) === asked && !asked.isStale) known.set(linkId, link);
        return link;
      } finally {
        if (asking.get(linkId) === asked) asking.delete(linkId);
      }
    });
    const asked: Asked = { answer, isStale: false };
    asking.set(linkId, asked);
    return asked;
  }

  /** Tells of a link at once when it is known, and as soon as it is otherwise. */
  function tell<T>(linkId: string, of: (link: Counted) => T): T | Promise<T> {
    const link = known.get(linkId);
    if (link !== undefined) return of(link);
    const out = asking.get(linkId);
    return (out === undefined || out.isStale ? ask(linkId, out) : out).answer.then(of);
  }

  return {
    claim: (linkId, limit) => tell(linkId, (link) => take(link, limit)),
    exhausted: (linkId, limit) => tell(linkId, (link) => link.count >= limit),
    used: (linkId) => tell(linkId, (link) => link.count),
    forget(linkId) {
      known.delete(linkId);
      const out = asking.get(linkId);
      if (out !== undefined) out.isStale = true;
    },
    forgetAll() {
      known.clear();
      for (const out of asking.values()) out.isStale = true;
    },
    get size() {
      return known.size + asking.size;
    },
  };
}

/**
 * Resolves when every click granted before is recorded, so that a count taken now holds it: behind whoever waits
 * for an older answer, and behind this turn of the event loop, in which a grant is followed by its record.
 */
async function passed(before: Asked | undefined): Promise<void> {
  await before?.answer.catch(() => {});
  await new Promise((resolve) => setImmediate(resolve));
}
