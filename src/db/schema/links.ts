import type { Id } from "../../lib/ids.ts";
import type { Kit } from "../kit.ts";

/** Settings of a link that no query looks into, by their names in the API. `features/links/options.ts` knows each. */
export type StoredOptions = Readonly<Record<string, unknown>>;

export const linkTables = ({ table, text, time, bool, int, json }: Kit) => ({
  links: table("links", {
    id: text<Id<"link">>("id").primaryKey(),
    workspaceId: text<Id<"ws">>("workspace_id").notNull(),
    domainId: text<Id<"dom">>("domain_id").notNull(),
    /** As it was written, in NFC. */
    slug: text("slug").notNull(),
    /** What must be unique on the domain: folded to lower case unless the domain is case-sensitive. */
    slugKey: text("slug_key").notNull(),
    /** Empty for a link that leads nowhere by itself. */
    destinationUrl: text("destination_url").notNull(),
    /** Half a SHA-256 of the destination, hex: an index cannot hold a whole URL. */
    destinationHash: text("destination_hash").notNull(),
    title: text("title"),
    description: text("description"),
    externalId: text("external_id"),
    redirectStatus: int("redirect_status").notNull(),
    forwardQuery: bool("forward_query").notNull(),
    expiresAt: time("expires_at"),
    expiredUrl: text("expired_url"),
    clicksLimit: int("clicks_limit"),
    enabled: bool("enabled").notNull().default(true),
    notes: text("notes"),
    startsAt: time("starts_at"),
    folderId: text<Id<"fold">>("folder_id"),
    campaignId: text<Id<"camp">>("campaign_id"),
    /** Argon2id, in PHC form. */
    passwordHash: text("password_hash"),
    /** Whether a path behind the slug leads here too: asked of a domain as a whole. */
    forwardPath: bool("forward_path").notNull().default(false),
    /** What only the redirect and the API read; null for nothing, as nearly always. */
    options: json<StoredOptions | null>("options"),
    /** The words of slug, destination, title, external id, description and notes, and the ids of tags (`features/links/words.ts`). */
    searchText: text("search_text").notNull(),
    /** Counts the edits, from 1. The ETag is made of it and every click carries it. */
    version: int("version").notNull(),
    createdBy: text("created_by").notNull(),
    archivedAt: time("archived_at"),
    deletedAt: time("deleted_at"),
    createdAt: time("created_at").notNull(),
    updatedAt: time("updated_at").notNull(),
  }),
  linkTags: table("link_tags", {
    linkId: text<Id<"link">>("link_id").notNull(),
    workspaceId: text<Id<"ws">>("workspace_id").notNull(),
    tagId: text<Id<"tag">>("tag_id").notNull(),
    /** In which order the link shows them. */
    position: int("position").notNull(),
    /** The link's, so that an index counts. */
    shelf: int("shelf").notNull(),
  }),
  linkComments: table("link_comments", {
    id: text<Id<"cmt">>("id").primaryKey(),
    workspaceId: text<Id<"ws">>("workspace_id").notNull(),
    linkId: text<Id<"link">>("link_id").notNull(),
    text: text("text").notNull(),
    createdBy: text("created_by").notNull(),
    createdAt: time("created_at").notNull(),
  }),
  /** Mirror of the click store's totals, at most a second behind, so that lists can sort by them. One for each link. */
  linkTotals: table("link_totals", {
    linkId: text<Id<"link">>("link_id").primaryKey(),
    /** The link's, so that one index finds and sorts. */
    workspaceId: text<Id<"ws">>("workspace_id").notNull(),
    /** Where the link stands: `shelves`. */
    shelf: int("shelf").notNull(),
    clicks: int("clicks").notNull(),
    uniqueClicks: int("unique_clicks").notNull(),
    botClicks: int("bot_clicks").notNull(),
    lastClickedAt: time("last_clicked_at"),
    /** The store's sequence of this row: a mirror that is told twice changes nothing. */
    sequence: int("sequence").notNull(),
  }),
});
