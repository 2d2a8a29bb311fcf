/**
 * Which totals changed of late, in the order of their sequence. Kept in memory: as an index on disk it would cost
 * every fold more than all other upkeep of totals, and only the mirror asks, once a second.
 */
export interface Changes {
  add(link: number, sequence: number): void;
  /** Links changed after `sequence`, oldest change first; null when memory does not reach back that far. */
  since(sequence: number, limit: number): number[] | null;
  /** Everything up to `sequence` is to be looked up on disk from now on. */
  restart(sequence: number): void;
}

/** @param start the sequence of the last change before memory begins */
export function openChanges(start: number): Changes {
  let reachesTo = start;
  // A map is walked in the order of insertion, so the links that changed last are at its end.
  const bySequence = new Map<number, number>();
  return {
    add(link, sequence) {
      bySequence.delete(link);
      bySequence.set(link, sequence);
    },
    since(sequence, limit) {
      if (sequence < reachesTo) return null;
      const links: number[] = [];
      for (const [link, changed] of bySequence) {
        if (links.length === limit) break;
        if (changed > sequence) links.push(link);
        // Whoever asks has seen these; the next question begins behind them.
        else bySequence.delete(link);
      }
      reachesTo = sequence;
      return links;
    },
    restart(sequence) {
      bySequence.clear();
      reachesTo = sequence;
    },
  };
}
