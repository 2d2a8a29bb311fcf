import type { Id } from "../../lib/ids.ts";
import type { Kit } from "../kit.ts";

/** What the pages of a domain show of whose it is. */
export interface StoredBranding {
  readonly name?: string;
  readonly color?: string;
  readonly url?: string;
}

export interface StoredRecord {
  readonly type: "A" | "AAAA" | "CNAME" | "TXT";
  readonly name: string;
  readonly value: string;
}

/** What DNS said of a host when it was last asked; `features/domains/verification.ts` makes it. */
export interface StoredCheck {
  readonly owned: boolean;
  readonly points: "dns" | "proxy" | null;
  /** What is set. */
  readonly found: readonly StoredRecord[];
  /** Why it could not be known, in words for people; null when it is known. */
  readonly problem: string | null;
  /** The status with which another site answers under the host; null for none. */
  readonly siteStatus: number | null;
}

export const domainTables = ({ table, text, time, bool, int, json }: Kit) => ({
  domains: table("domains", {
    id: text<Id<"dom">>("id").primaryKey(),
    /** Null for the installation's own host, which every workspace may use. */
    workspaceId: text<Id<"ws">>("workspace_id"),
    /** Lower case, ASCII, no port. */
    host: text("host").notNull(),
    caseSensitive: bool("case_sensitive").notNull(),
    /** How many characters a random slug has here. */
    slugLength: int("slug_length").notNull(),
    rootUrl: text("root_url"),
    notFoundUrl: text("not_found_url"),
    expiredUrl: text("expired_url"),
    /** What random slugs are made of here; null for the usual. */
    slugAlphabet: text("slug_alphabet"),
    branding: json<StoredBranding>("branding"),
    /** Serves what it has, and takes no new links. */
    archivedAt: time("archived_at"),
    /** When it was first shown to be the workspace's; null for never. */
    verifiedAt: time("verified_at"),
    checkedAt: time("checked_at"),
    lastCheck: json<StoredCheck>("last_check"),
    createdAt: time("created_at").notNull(),
    updatedAt: time("updated_at").notNull(),
  }),
  /** What programs ask of a host under fixed names. */
  domainFiles: table("domain_files", {
    domainId: text<Id<"dom">>("domain_id").primaryKey(),
    appleAppSiteAssociation: text("apple_app_site_association"),
    assetLinks: text("asset_links"),
    robots: text("robots"),
    updatedAt: time("updated_at").notNull(),
  }),
});
