import { original } from "../../lib/csv.ts";
import type { Format } from "./export-model.ts";

/** A row of a file: its fields by the names the file has for them, or why it cannot be read. */
export type Read =
  | { readonly fields: Readonly<Record<string, unknown>>; readonly bytes: number }
  | { readonly broken: string; readonly bytes: number };

/** Longest row. A quote that nobody closes would be one as long as the file. */
const ROW_MAX = 64 * 1024;

/** The rows of a file, one by one, however large it is. A row that is broken is told, and the next one read. */
export async function* rowsOf(path: string, format: Format): AsyncGenerator<Read> {
  const pieces = format === "json" ? elementsOf(textOf(path)) : linesOf(textOf(path));
  if (format === "csv") return yield* tableRows(pieces);
  for await (const { text, bytes } of pieces) {
    if (text.trim() === "") continue;
    yield { ...objectOf(text), bytes };
  }
}

interface Piece {
  readonly text: string;
  /** Of the file that have been read so far. */
  readonly bytes: number;
}

async function* textOf(path: string): AsyncGenerator<Piece> {
  const decoder = new TextDecoder("utf-8");
  let bytes = 0;
  for await (const part of Bun.file(path).stream()) {
    bytes += part.length;
    yield { text: decoder.decode(part, { stream: true }), bytes };
  }
  yield { text: decoder.decode(), bytes };
}

async function* linesOf(texts: AsyncIterable<Piece>): AsyncGenerator<Piece> {
  let rest = "";
  let at = 0;
  for await (const { text, bytes } of texts) {
    at = bytes;
    rest += text;
    let from = 0;
    for (let end = rest.indexOf("\n"); end >= 0; end = rest.indexOf("\n", from)) {
      yield { text: rest.slice(from, rest[end - 1] === "\r" ? end - 1 : end), bytes };
      from = end + 1;
    }
    rest = rest.slice(from);
    if (rest.length > ROW_MAX) rest = rest.slice(0, ROW_MAX + 1);
  }
  if (rest !== "") yield { text: rest, bytes: at };
}

/** The elements of the first list in a text, each as it stands there. */
async function* elementsOf(texts: AsyncIterable<Piece>): AsyncGenerator<Piece> {
  const scan: Scan = { place: "before", depth: 0, inText: false, escaped: false };
  let element = "";
  for await (const { text, bytes } of texts) {
    let from = 0;
    for (const end of bordersIn(text, scan)) {
      // The first border is the bracket that opens the list.
      if (scan.place === "first") scan.place = "inside";
      else yield { text: element + text.slice(from, end), bytes };
      element = "";
      from = end + 1;
    }
    if (scan.place === "behind") return;
    if (scan.place === "inside") element = (element + text.slice(from)).slice(0, ROW_MAX + 1);
  }
  if (element.trim() !== "") yield { text: element, bytes: 0 };
}

function* bordersIn(text: string, scan: Scan): Generator<number> {
  for (let i = 0; i < text.length && scan.place !== "behind"; i++) if (isBorder(scan, text[i]!)) yield i;
}

interface Scan {
  /** Before the list, at its bracket, in it, or behind it. */
  place: "before" | "first" | "inside" | "behind";
  depth: number;
  inText: boolean;
  escaped: boolean;
}

/** Whether an element ends here, or the first begins. */
function isBorder(scan: Scan, sign: string): boolean {
  if (scan.place === "before") {
    if (sign === "[") scan.place = "first";
    return sign === "[";
  }
  if (scan.inText) {
    scan.inText = scan.escaped || sign !== '"';
    scan.escaped = !scan.escaped && sign === "\\";
    return false;
  }
  if (sign === '"') scan.inText = true;
  else if (sign === "{" || sign === "[") scan.depth++;
  else if (sign === "}" || sign === "]") return closes(scan, sign);
  return sign === "," && scan.depth === 0;
}

function closes(scan: Scan, sign: string): boolean {
  if (scan.depth > 0) scan.depth--;
  else if (sign === "]") scan.place = "behind";
  return scan.place === "behind";
}

type Fields = { readonly fields: Readonly<Record<string, unknown>> } | { readonly broken: string };

function objectOf(text: string): Fields {
  const problem = problemOf(text);
  if (problem !== null) return { broken: problem };
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value))
      return { fields: value as Record<string, unknown> };
  } catch {}
  return { broken: "the row is no JSON object" };
}

function problemOf(text: string): string | null {
  if (text.length > ROW_MAX) return `the row is longer than ${ROW_MAX} characters, or a quote is not closed`;
  if (text.includes("\0")) return "the row holds a NUL character";
  return text.includes("\ufffd") ? "the row is not UTF-8" : null;
}

async function* tableRows(lines: AsyncIterable<Piece>): AsyncGenerator<Read> {
  let head: string[] | null = null;
  let sign = ",";
  for await (const { text, bytes } of recordsOf(lines)) {
    if (head === null) {
      sign = [",", ";", "\t"].toSorted((a, b) => text.split(b).length - text.split(a).length)[0]!;
      head = cellsOf(text, sign)?.map((name) => name.trim()) ?? [];
      continue;
    }
    if (text === "") continue;
    const problem = problemOf(text);
    const cells = problem === null ? cellsOf(text, sign) : null;
    if (cells === null) yield { broken: problem ?? "a quote is not closed", bytes };
    else if (cells.length > head.length)
      yield { broken: `the row has ${cells.length} cells, and the head ${head.length}`, bytes };
    else yield { fields: Object.fromEntries(cells.map((cell, i) => [head![i]!, original(cell)])), bytes };
  }
}

/** Lines, put together where a quote goes over several. One that is never closed is a row of its own line alone. */
async function* recordsOf(lines: AsyncIterable<Piece>): AsyncGenerator<Piece> {
  let open: Piece[] = [];
  let length = 0;
  for await (const line of lines) {
    const begins = open.length === 0;
    if (begins && !hasOddQuotes(line.text)) {
      yield line;
      continue;
    }
    open.push(line);
    length += line.text.length + 1;
    if (!begins && hasOddQuotes(line.text)) {
      yield { text: open.map(({ text }) => text).join("\n"), bytes: line.bytes };
      [open, length] = [[], 0];
    } else if (length > ROW_MAX) {
      yield* torn(open);
      [open, length] = [[], 0];
    }
  }
  yield* torn(open);
}

function* torn(lines: readonly Piece[]): Generator<Piece> {
  yield* lines;
}

function hasOddQuotes(text: string): boolean {
  let odd = false;
  for (let at = text.indexOf('"'); at >= 0; at = text.indexOf('"', at + 1)) odd = !odd;
  return odd;
}

/** The cells of a row, as RFC 4180 has them; null when a quote is not closed. */
function cellsOf(text: string, sign: string): string[] | null {
  const line = text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
  if (!line.includes('"')) return line.split(sign);
  const cells: string[] = [];
  for (let at = 0; at <= line.length; ) {
    const quoted = line[at] === '"';
    const end = quoted ? quoteEnd(line, at) : bareEnd(line, at, sign);
    if (end < 0) return null;
    cells.push(quoted ? line.slice(at + 1, end - 1).replaceAll('""', '"') : line.slice(at, end));
    if (end < line.length && line[end] !== sign) return null;
    at = end + 1;
  }
  return cells;
}

const bareEnd = (line: string, at: number, sign: string): number => {
  const end = line.indexOf(sign, at);
  return end < 0 ? line.length : end;
};

/** Behind the quote that closes; -1 when none does. */
function quoteEnd(line: string, at: number): number {
  let end = line.indexOf('"', at + 1);
  while (end >= 0 && line[end + 1] === '"') end = line.indexOf('"', end + 2);
  return end < 0 ? -1 : end + 1;
}
