const HYPHEN = 45;

/** The primary subtag of the first language a browser asks for, lower case: `de-AT,de;q=0.9` is `de`. */
export function primaryLanguage(header: string): string {
  // `de-…` is what nearly every browser sends: no pattern needed.
  const isPlain =
    header.charCodeAt(2) === HYPHEN && isLower(header.charCodeAt(0)) && isLower(header.charCodeAt(1));
  if (isPlain) return header.slice(0, 2);
  const match = /^\s*([A-Za-z]{2,3})(?=$|[-_,;\s])/.exec(header);
  return match === null ? "" : match[1]!.toLowerCase();
}

const isLower = (code: number): boolean => code >= 97 && code <= 122;
