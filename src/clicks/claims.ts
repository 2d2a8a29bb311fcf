/** Counts limited links in memory, so that a limit is exact however many visitors come at once. */
export interface Claims {
  /** Takes one click off the limit; false when none is left. */
  claim(linkId: string, limit: number): boolean | Promise<boolean>;
  /** Whether none is left, taking nothing. */
  exhausted(linkId: string, limit: number): boolean | Promise<boolean>;
  /** The link's clicks went on without claims, or were forgotten: count it anew when it is claimed again. */
  forget(linkId: string): void;
  forgetAll(): void;
  readonly size: number;
}

/** @param load the clicks of a link, everything recorded so far included */
export function openClaims(load: (linkId: string) => Promise<number>): Claims {
  /** Clicks taken, or the one question that is out for them. */
  const taken = new Map<string, { count: number } | Promise<{ count: number }>>();

  const take = (link: { count: number }, limit: number): boolean => {
    if (link.count >= limit) return false;
    link.count++;
    return true;
  };

  function ask(linkId: string): Promise<{ count: number }> {
    const asked = load(linkId).then(
      (count) => {
        const link = { count };
        if (taken.get(linkId) === asked) taken.set(linkId, link);
        return link;
      },
      (error: unknown) => {
        if (taken.get(linkId) === asked) taken.delete(linkId);
        throw error;
      },
    );
    taken.set(linkId, asked);
    return asked;
  }

  /** Tells of a link at once when it is known, and as soon as it is otherwise. */
  function tell(linkId: string, of: (link: { count: number }) => boolean): boolean | Promise<boolean> {
    const known = taken.get(linkId);
    if (known !== undefined && !(known instanceof Promise)) return of(known);
    return (known ?? ask(linkId)).then(of);
  }

  return {
    claim: (linkId, limit) => tell(linkId, (link) => take(link, limit)),
    exhausted: (linkId, limit) => tell(linkId, (link) => link.count >= limit),
    forget: (linkId) => {
      taken.delete(linkId);
    },
    forgetAll: () => taken.clear(),
    get size() {
      return taken.size;
    },
  };
}
