/** The primary subtag of the first language a browser asks for, lower case: `de-AT,de;q=0.9` is `de`. */
export function primaryLanguage(header: string): string {
  const match = /^\s*([A-Za-z]{2,3})(?=$|[-_,;\s])/.exec(header);
  return match === null ? "" : match[1]!.toLowerCase();
}
