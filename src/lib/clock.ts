/** The only way to learn the time: milliseconds since 1970, UTC. Tests pass a clock they move by hand. */
export interface Clock {
  now(): number;
}

export const systemClock: Clock = { now: () => Date.now() };
