import { csvLine } from "../../lib/csv.ts";
import type { Link } from "../links/model.ts";
import type { Format } from "./export-model.ts";

type Column = keyof Link & string;

/** How a file begins, what stands for each link, and how it ends. */
export interface Shape {
  readonly type: string;
  head(columns: readonly Column[]): string;
  link(link: Link, columns: readonly Column[], first: boolean): string;
  readonly tail: string;
}

const picked = (link: Link, columns: readonly Column[]) =>
  Object.fromEntries(columns.map((name) => [name, link[name]]));

/** Lists have commas between, which no tag holds; what has fields of its own is JSON. */
function text(value: unknown): string {
  if (value === null || value === undefined) return "";
  if (Array.isArray(value)) return value.join(",");
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

export const shapes: Readonly<Record<Format, Shape>> = {
  csv: {
    type: "text/csv; charset=utf-8; header=present",
    head: csvLine,
    link: (link, columns) => csvLine(columns.map((name) => text(link[name]))),
    tail: "",
  },
  json: {
    type: "application/json",
    head: () => "[",
    link: (link, columns, first) => `${first ? "\n" : ",\n"}${JSON.stringify(picked(link, columns))}`,
    tail: "\n]\n",
  },
  ndjson: {
    type: "application/x-ndjson",
    head: () => "",
    link: (link, columns) => `${JSON.stringify(picked(link, columns))}\n`,
    tail: "",
  },
};
