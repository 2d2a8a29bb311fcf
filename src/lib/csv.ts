/**
 * What spreadsheets take for a formula, behind any number of apostrophes: those would be taken off again, so that what is
 * read back is what was written.
 */
const FORMULA = /^'*[=+\-@\t\r\n\0\uff1d\uff0b\uff0d\uff20]/;

/** A text that no spreadsheet calculates with: with an apostrophe in front where it might. */
export const inert = (text: string): string => (FORMULA.test(text) ? `'${text}` : text);
/** What `inert` was given. */
export const original = (text: string): string =>
  text.startsWith("'") && FORMULA.test(text) ? text.slice(1) : text;

/** A line of RFC 4180. What some programs take for the end of a cell is quoted, too. */
export const csvLine = (cells: readonly string[]): string => `${cells.map(cellOf).join(",")}\r\n`;

function cellOf(text: string): string {
  const safe = inert(text);
  return safe !== text || /[",;\t\r\n]|^\s|\s$/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
