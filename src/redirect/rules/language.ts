/** A language a browser accepts. */
export interface Language {
  /** Lower case: `de-at`. `*` stands for any other. */
  readonly tag: string;
  /** Above 0, up to 1. */
  readonly quality: number;
}

/** More than a person speaks. */
const LANGUAGES_MAX = 20;

/**
 * An Accept-Language header, most preferred first (RFC 9110, 12.5.4). What is refused (`q=0`) and what is no language
 * is left out.
 */
export function languagesOf(header: string): readonly Language[] {
  return header
    .split(",", LANGUAGES_MAX)
    .flatMap(readOne)
    .sort((one, other) => other.quality - one.quality);
}

function readOne(part: string): Language[] {
  const match = /^\s*([A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*|\*)\s*(?:;\s*q=([01](?:\.\d{0,3})?)\s*)?$/i.exec(
    part,
  );
  if (match === null) return [];
  const quality = match[2] === undefined ? 1 : Math.min(1, Number(match[2]));
  return quality > 0 ? [{ tag: match[1]!.toLowerCase(), quality }] : [];
}

/** Whether a tag lies in a range (RFC 4647, 3.3.1): `de` takes in `de-at`, not the other way round. */
export const isInRange = (tag: string, range: string): boolean =>
  tag === range || tag.startsWith(`${range}-`);
