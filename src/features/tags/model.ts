import { Type as t } from "@sinclair/typebox";
import type { Database } from "../../db/database.ts";
import type { TagColor } from "../../db/schema/organise.ts";
import { isoOf, oneOf, plainName, strict, Time } from "../../platform/schema.ts";

export const tagLengthMax = 50;

/** A tag as links and filters name it. */
export const TagName = t.String({
  minLength: 1,
  maxLength: tagLengthMax,
  pattern: "^[^,\\s\\x00-\\x1f\\x7f](?:[^,\\x00-\\x1f\\x7f]*[^,\\s\\x00-\\x1f\\x7f])?$",
  description: "a word or words without commas",
  examples: ["summer"],
});

export const tagColors = [
  "gray",
  "red",
  "orange",
  "yellow",
  "green",
  "blue",
  "purple",
  "pink",
] as const satisfies readonly TagColor[];
const Color = oneOf(tagColors);

export const NewTag = strict({ name: TagName, color: t.Optional(Color) });
export type NewTag = typeof NewTag.static;
export const TagPatch = strict({ name: t.Optional(TagName), color: t.Optional(Color) });
export type TagPatch = typeof TagPatch.static;
export const TagMerge = strict({
  into: t.String({ maxLength: 64, description: "Id of the tag that links get instead." }),
});

const core = {
  id: t.String({ examples: ["tag_01jd0000000000000000000000"] }),
  name: t.String(),
  color: Color,
  createdBy: t.String(),
  createdAt: Time,
  updatedAt: Time,
};
/** A tag without its numbers: what events tell. */
export const TagCore = t.Object(core, { $id: "TagCore" });
export type TagCore = typeof TagCore.static;
export const Tag = t.Object(
  { ...core, links: t.Integer({ description: "Links that have it, those in the trash left out." }) },
  { $id: "Tag" },
);
export type Tag = typeof Tag.static;

export type TagRow = Database["tables"]["tags"]["$inferSelect"];

/** What the world may see of a row, and nothing else. */
export const toTagCore = (row: TagRow): TagCore => ({
  id: row.id,
  name: row.name,
  color: row.color,
  createdBy: row.createdBy,
  createdAt: isoOf(row.createdAt),
  updatedAt: isoOf(row.updatedAt),
});

/** A name, and what two names have in common that are the same. */
export function tagNamed(text: string): { readonly name: string; readonly nameKey: string } {
  const name = plainName(text);
  return { name, nameKey: name.toLowerCase() };
}
