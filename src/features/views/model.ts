import { Type as t } from "@sinclair/typebox";
import type { Database } from "../../db/database.ts";
import { isoOf, nameText, oneOf, plainName, strict, Time } from "../../platform/schema.ts";
import { filterQuery, sortQuery } from "../links/filter.ts";
import { Link } from "../links/model.ts";

/** A number in a query is text that is read as one; in a body it is a number. */
const clicks = t.Optional(t.Integer({ minimum: 0, maximum: 1_000_000_000_000 }));
const listQuery = { ...filterQuery, ...sortQuery, clicksMin: clicks, clicksMax: clicks };
/** What the list of links takes, and nothing else: a view cannot ask for what the list would refuse. */
const Query = strict(listQuery, "Filters and sort, as GET /links takes them.");
const columnNames = Object.keys(Link.properties) as [string, ...string[]];
const Columns = t.Array(oneOf(columnNames), {
  minItems: 1,
  maxItems: columnNames.length,
  uniqueItems: true,
  description: "Fields of a link, in the order they are shown.",
});
const Shared = t.Boolean({ description: "Shown to all members of the workspace." });

export const NewView = strict({
  name: nameText(100, { examples: ["Clicked most"] }),
  shared: t.Optional(Shared),
  query: t.Optional(Query),
  columns: t.Optional(Columns),
});
export type NewView = typeof NewView.static;
export const ViewPatch = strict({
  name: t.Optional(nameText(100)),
  shared: t.Optional(Shared),
  query: t.Optional(Query),
  columns: t.Optional(Columns),
});
export type ViewPatch = typeof ViewPatch.static;

export const View = t.Object(
  {
    id: t.String({ examples: ["view_01jd0000000000000000000000"] }),
    name: t.String(),
    shared: t.Boolean(),
    query: t.Object(listQuery),
    columns: t.Array(t.String()),
    ownerId: t.String(),
    createdAt: Time,
    updatedAt: Time,
  },
  { $id: "View" },
);
export type View = typeof View.static;
export type ViewQuery = View["query"];

export type ViewRow = Database["tables"]["views"]["$inferSelect"];

/** What the world may see of a row, and nothing else. */
export const toView = (row: ViewRow): View => ({
  id: row.id,
  name: row.name,
  shared: row.shared,
  query: row.query,
  columns: row.columns,
  ownerId: row.ownerId,
  createdAt: isoOf(row.createdAt),
  updatedAt: isoOf(row.updatedAt),
});

export function viewNamed(text: string): { readonly name: string; readonly nameKey: string } {
  const name = plainName(text);
  return { name, nameKey: name.toLowerCase() };
}

export const defaultColumns = ["shortUrl", "destinationUrl", "tags", "clicks", "createdAt"];
