const MS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const BYTES = { B: 1, kB: 1000, MB: 1e6, GB: 1e9, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3 } as const;

/** `10ms`, `30s`, `5m`, `24h`, `30d` in milliseconds; null when it is none of these. */
export const parseDuration = (text: string): number | null => parse(text, MS);

/** `512B`, `64kB`, `200MB`, `1GB`, `8MiB` … in bytes; null when it is none of these. */
export const parseSize = (text: string): number | null => parse(text, BYTES);

function parse(text: string, units: Readonly<Record<string, number>>): number | null {
  const match = /^(\d{1,12})\s?([A-Za-z]+)$/.exec(text.trim());
  const factor = match && units[match[2]!];
  return factor ? Number(match[1]) * factor : null;
}
