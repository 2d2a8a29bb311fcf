import type { LinkTotals } from "../store.ts";

/**
 * Links that have left no row on disk, until whoever mirrors totals has heard that they are at zero. In memory
 * only: they were purged, so that after a restart there is nobody left to whom their totals mattered.
 */
export interface Buried {
  add(links: readonly LinkTotals[]): void;
  /** Puts the buried in their places among totals that changed after `sequence`. */
  among(rows: readonly LinkTotals[], sequence: number, limit: number): LinkTotals[];
}

export function openBuried(): Buried {
  let buried: LinkTotals[] = [];
  return {
    add(links) {
      buried = buried.concat(links);
    },
    among(rows, sequence, limit) {
      if (buried.length === 0) return [...rows];
      // A mirror that begins anew has nothing to take back, and any other has seen what it asks beyond.
      buried = buried.filter((one) => one.sequence > sequence);
      // A link that was clicked again is told by its row.
      const alive = new Set(rows.map(({ linkId }) => linkId));
      return [...rows, ...buried.filter(({ linkId }) => !alive.has(linkId))]
        .sort((a, b) => a.sequence - b.sequence)
        .slice(0, limit);
    },
  };
}
