import { like, type SQL, sql } from "drizzle-orm";
import type { Tables } from "../../db/schema/tables.ts";
import type { LinkRow } from "./model.ts";

type Searched = Pick<
  LinkRow,
  "slug" | "destinationUrl" | "title" | "externalId" | "tags" | "description" | "notes"
>;

/** What `search` looks into, in lower case: a database's own lower-casing knows ASCII only, or differs by locale. */
export const searchText = ({
  slug,
  destinationUrl,
  title,
  externalId,
  tags,
  description,
  notes,
}: Searched): string =>
  [slug, destinationUrl, title ?? "", externalId ?? "", ...tags, description ?? "", notes ?? ""]
    .join("\n")
    .normalize("NFKC")
    .toLowerCase();

/** Every word must be somewhere in the link. */
export const matches = (links: Tables["links"], search: string): SQL[] =>
  search
    .normalize("NFKC")
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== "")
    .map((word) => sql`${like(links.searchText, `%${word.replace(/[\\%_]/g, "\\$&")}%`)} escape '\\'`);
