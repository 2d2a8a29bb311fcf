import { Type as t } from "@sinclair/typebox";
import type { StoredOptions } from "../../db/schema/links.ts";
import { isoOf, isoOrNull, nullable, oneOf, strict, Time } from "../../platform/schema.ts";
import { TagName } from "../tags/model.ts";
import { optionCore, optionSettings, shownOptions } from "./options.ts";

export const tagsMax = 20;

const RedirectStatus = t.Union([t.Literal(301), t.Literal(302), t.Literal(307), t.Literal(308)]);

/** What people may set, when making a link and later. */
const settings = {
  title: t.Optional(nullable(t.String({ maxLength: 255 }))),
  description: t.Optional(nullable(t.String({ maxLength: 2000 }))),
  tags: t.Optional(t.Array(TagName, { maxItems: tagsMax, uniqueItems: true })),
  externalId: t.Optional(
    nullable(
      t.String({
        minLength: 1,
        maxLength: 255,
        pattern: "^[^\\s/?#]+$",
        description: "your own id, without spaces, / ? or #; unique in the workspace",
        examples: ["order-17"],
      }),
    ),
  ),
  redirectStatus: t.Optional(RedirectStatus),
  forwardQuery: t.Optional(
    t.Boolean({ description: "Hand the visitor's query parameters on to the destination (default)." }),
  ),
  expiresAt: t.Optional(nullable(Time)),
  expiredUrl: t.Optional(
    nullable(
      t.String({
        minLength: 1,
        maxLength: 8192,
        description: "Where the link leads once expired or used up.",
      }),
    ),
  ),
  clicksLimit: t.Optional(
    nullable(
      t.Integer({ minimum: 1, maximum: 1_000_000_000, description: "How many human clicks are sent on." }),
    ),
  ),
  enabled: t.Optional(
    t.Boolean({ description: "A link that is switched off answers like one that does not exist." }),
  ),
  notes: t.Optional(nullable(t.String({ maxLength: 5000, description: "For the workspace alone." }))),
  startsAt: t.Optional(nullable(Time)),
  folderId: t.Optional(nullable(t.String({ maxLength: 64, description: "The folder it stands in." }))),
  campaignId: t.Optional(nullable(t.String({ maxLength: 64 }))),
  oneTime: t.Optional(t.Boolean({ description: "The same as a clicksLimit of 1." })),
  password: t.Optional(
    nullable(
      t.String({
        minLength: 4,
        maxLength: 128,
        description: "Visitors are asked for it. It is never shown again; null takes it off.",
      }),
    ),
  ),
  forwardPath: t.Optional(
    t.Boolean({
      description: "Whether what stands behind the slug is put behind the destination: /summer/a/b.",
    }),
  ),
  ...optionSettings,
};
const destinationUrl = nullable(
  t.String({
    minLength: 1,
    maxLength: 8192,
    description: "http(s) URL. Null is for the redirect modes `rule_only` and `never`.",
    examples: ["https://example.com/landing?ref=1"],
  }),
);
const slug = t.String({
  minLength: 1,
  maxLength: 190,
  description: "The path of the short link; random when left out.",
  examples: ["summer"],
});

export const NewLink = strict({
  destinationUrl,
  domain: t.Optional(
    t.String({
      minLength: 1,
      maxLength: 255,
      description: "Host or id; the workspace's default when left out.",
    }),
  ),
  slug: t.Optional(slug),
  findExisting: t.Optional(
    t.Boolean({
      description: "Answer the newest link with this destination on this domain, with 200, if there is one.",
    }),
  ),
  utmTemplateId: t.Optional(
    t.String({ maxLength: 64, description: "A template for `utm`; what `utm` says itself goes before it." }),
  ),
  ...settings,
});
export type NewLink = typeof NewLink.static;

export const UpsertLink = strict({
  ...NewLink.properties,
  matchBy: t.Optional(
    oneOf(
      ["externalId", "destinationUrl"],
      "What the link is found by: the external id when the body has one, else the destination on the domain.",
    ),
  ),
});
export type UpsertLink = typeof UpsertLink.static;

export const LinkPatch = strict({
  destinationUrl: t.Optional(destinationUrl),
  slug: t.Optional(slug),
  ...settings,
});
export type LinkPatch = typeof LinkPatch.static;

export const LinkTransfer = strict({
  workspaceId: t.String({
    minLength: 1,
    maxLength: 64,
    description: "Where it goes.",
    examples: ["ws_01jd0000000000000000000000"],
  }),
  domain: t.Optional(
    t.String({
      minLength: 1,
      maxLength: 255,
      description: "Host or id, of a domain the other workspace may use; the link's own when left out.",
    }),
  ),
});
export type LinkTransfer = typeof LinkTransfer.static;

const core = {
  id: t.String({ examples: ["link_01jd0000000000000000000000"] }),
  shortUrl: t.String({ examples: ["https://go.example.com/summer"] }),
  domain: t.String(),
  domainId: t.String(),
  slug: t.String(),
  destinationUrl: nullable(t.String()),
  title: nullable(t.String()),
  description: nullable(t.String()),
  tags: t.Array(t.String()),
  externalId: nullable(t.String()),
  redirectStatus: RedirectStatus,
  forwardQuery: t.Boolean(),
  expiresAt: nullable(Time),
  expiredUrl: nullable(t.String()),
  clicksLimit: nullable(t.Integer()),
  enabled: t.Boolean(),
  notes: nullable(t.String()),
  startsAt: nullable(Time),
  folderId: nullable(t.String()),
  campaignId: nullable(t.String()),
  oneTime: t.Boolean(),
  hasPassword: t.Boolean(),
  forwardPath: t.Boolean(),
  ...optionCore,
  version: t.Integer({ description: "Counts the edits. The ETag is made of it." }),
  createdBy: t.String(),
  archivedAt: nullable(Time),
  deletedAt: nullable(Time),
  createdAt: Time,
  updatedAt: Time,
};
/** A link without its numbers: what events tell. */
export const LinkCore = t.Object(core, { $id: "LinkCore" });
export type LinkCore = typeof LinkCore.static;

export const Link = t.Object(
  {
    ...core,
    clicks: t.Integer({ description: "Human clicks that were sent on." }),
    uniqueClicks: t.Integer({ description: "Distinct visitors per day among them, summed over days." }),
    botClicks: t.Integer(),
    lastClickedAt: nullable(Time),
  },
  { $id: "Link" },
);
export type Link = typeof Link.static;

/** A link with what its tags are called now. */
export interface LinkRow extends StoredLink {
  /** Names, in the order given. */
  readonly tags: string[];
  readonly tagIds: `tag_${string}`[];
}

/** A link as it is stored. */
export interface StoredLink {
  readonly id: `link_${string}`;
  readonly workspaceId: `ws_${string}`;
  readonly domainId: `dom_${string}`;
  readonly slug: string;
  readonly slugKey: string;
  /** Empty for none. */
  readonly destinationUrl: string;
  readonly destinationHash: string;
  readonly title: string | null;
  readonly description: string | null;
  readonly externalId: string | null;
  readonly redirectStatus: number;
  readonly forwardQuery: boolean;
  readonly expiresAt: number | null;
  readonly expiredUrl: string | null;
  readonly clicksLimit: number | null;
  readonly enabled: boolean;
  readonly notes: string | null;
  readonly startsAt: number | null;
  readonly folderId: `fold_${string}` | null;
  readonly campaignId: `camp_${string}` | null;
  readonly passwordHash: string | null;
  readonly forwardPath: boolean;
  readonly options: StoredOptions | null;
  readonly searchText: string;
  readonly version: number;
  readonly createdBy: string;
  readonly archivedAt: number | null;
  readonly deletedAt: number | null;
  readonly createdAt: number;
  readonly updatedAt: number;
}
export interface TotalsRow {
  readonly clicks: number;
  readonly uniqueClicks: number;
  readonly botClicks: number;
  readonly lastClickedAt: number | null;
}

/** What the world may see of a row, and nothing else. `shortUrl` is made by `short-url.ts`. */
export const toLinkCore = (row: LinkRow, host: string, shortUrl: string): LinkCore => ({
  id: row.id,
  shortUrl,
  domain: host,
  domainId: row.domainId,
  slug: row.slug,
  destinationUrl: row.destinationUrl === "" ? null : row.destinationUrl,
  title: row.title,
  description: row.description,
  tags: row.tags,
  externalId: row.externalId,
  redirectStatus: row.redirectStatus as LinkCore["redirectStatus"],
  forwardQuery: row.forwardQuery,
  expiresAt: isoOrNull(row.expiresAt),
  expiredUrl: row.expiredUrl,
  clicksLimit: row.clicksLimit,
  enabled: row.enabled,
  notes: row.notes,
  startsAt: isoOrNull(row.startsAt),
  folderId: row.folderId,
  campaignId: row.campaignId,
  oneTime: row.clicksLimit === 1,
  hasPassword: row.passwordHash !== null,
  forwardPath: row.forwardPath,
  ...shownOptions(row),
  version: row.version,
  createdBy: row.createdBy,
  archivedAt: isoOrNull(row.archivedAt),
  deletedAt: isoOrNull(row.deletedAt),
  createdAt: isoOf(row.createdAt),
  updatedAt: isoOf(row.updatedAt),
});

export const withTotals = (link: LinkCore, totals: TotalsRow | null | undefined): Link => ({
  ...link,
  clicks: totals?.clicks ?? 0,
  uniqueClicks: totals?.uniqueClicks ?? 0,
  botClicks: totals?.botClicks ?? 0,
  lastClickedAt: isoOrNull(totals?.lastClickedAt ?? null),
});
