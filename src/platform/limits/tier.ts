/** Lengths of the windows in which calls are counted, in seconds. */
export const WINDOW_SECONDS = { minute: 60, hour: 3600, day: 86_400 } as const;
export type WindowName = keyof typeof WINDOW_SECONDS;
export const windowNames = Object.keys(WINDOW_SECONDS) as readonly WindowName[];

/** Calls allowed in each window, all in force together; null is no limit. */
export type Limits = Readonly<Record<WindowName, number | null>>;

export const UNLIMITED: Limits = { minute: null, hour: null, day: null };

/** Whether whoever has `limits` can never call more often than `bound` allows. */
export const isWithinLimits = (limits: Limits, bound: Limits): boolean =>
  windowNames.every((name) => bound[name] === null || most(limits, WINDOW_SECONDS[name]) <= bound[name]);

/** Most calls that fit into so many seconds. */
const most = (limits: Limits, seconds: number): number =>
  Math.min(
    ...windowNames.map((name) => {
      const limit = limits[name] ?? Infinity;
      const own = WINDOW_SECONDS[name];
      return own >= seconds ? limit : limit * (seconds / own);
    }),
  );
