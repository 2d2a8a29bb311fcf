/** The only way to learn the time: milliseconds since 1970, UTC. Tests pass a clock they move by hand. */
export interface Clock {
  now(): number;
}

export const systemClock: Clock = { now: () => Date.now() };

/**
 * Calls `work` once, so many milliseconds later, whatever the clock is set to meanwhile: limits and pauses are
 * lengths of time and no moments. Answers what calls it off. Tests pass one that their clock moves.
 */
export type After = (ms: number, work: () => void) => () => void;

export const systemAfter: After = (ms, work) => {
  const timer = setTimeout(work, ms);
  return () => clearTimeout(timer);
};
