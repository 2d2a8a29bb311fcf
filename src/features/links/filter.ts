import { Type as t } from "@sinclair/typebox";
import { oneOf, queryInteger, Time } from "../../platform/schema.ts";

/** Filters of lists and counts, as query parameters. */
export const filterQuery = {
  search: t.Optional(
    t.String({
      maxLength: 200,
      description:
        "Words, or beginnings of words from three letters on, that must all be in slug, destination, title, tags, external id, description or notes.",
    }),
  ),
  domain: t.Optional(t.String({ minLength: 1, maxLength: 255, description: "Host or id." })),
  tag: t.Optional(
    t.String({ minLength: 1, maxLength: 1050, description: "One tag, or several with commas between." }),
  ),
  tagMode: t.Optional(oneOf(["any", "all"], "Whether any or all of the tags are wanted.")),
  folderId: t.Optional(
    t.String({ minLength: 1, maxLength: 64, description: "A folder, or `none` for links in no folder." }),
  ),
  subfolders: t.Optional(t.Boolean({ description: "The folders in that folder, too." })),
  campaignId: t.Optional(t.String({ minLength: 1, maxLength: 64 })),
  archived: t.Optional(
    oneOf(["false", "true", "any"], "Archived links are left out by default; the trash shows them."),
  ),
  deleted: t.Optional(t.Boolean({ description: "The trash instead of the links in use." })),
  expired: t.Optional(t.Boolean({ description: "By date, or because the clicks are used up." })),
  enabled: t.Optional(t.Boolean({ description: "Links that are switched on, or those that are not." })),
  externalId: t.Optional(t.String({ minLength: 1, maxLength: 255 })),
  createdBy: t.Optional(t.String({ minLength: 1, maxLength: 64 })),
  destinationUrl: t.Optional(
    t.String({ minLength: 1, maxLength: 8192, description: "Exactly this destination." }),
  ),
  createdFrom: t.Optional(Time),
  createdTo: t.Optional(Time),
  clicksMin: t.Optional(queryInteger({ minimum: 0, maximum: 1_000_000_000_000 })),
  clicksMax: t.Optional(queryInteger({ minimum: 0, maximum: 1_000_000_000_000 })),
};
export const sortFields = [
  "createdAt",
  "updatedAt",
  "expiresAt",
  "slug",
  "title",
  "clicks",
  "uniqueClicks",
  "botClicks",
  "lastClickedAt",
] as const;
export const sortQuery = {
  sortBy: t.Optional(oneOf(sortFields)),
  sortOrder: t.Optional(oneOf(["asc", "desc"])),
};

const Filter = t.Object(filterQuery);
export type LinkFilter = typeof Filter.static;
export interface LinkSort {
  readonly sortBy: (typeof sortFields)[number];
  readonly sortOrder: "asc" | "desc";
}
