import { Type as t } from "@sinclair/typebox";
import type { Database } from "../../db/database.ts";
import { isoOf, nameText, nullable, strict, Time } from "../../platform/schema.ts";

const name = nameText(100, { examples: ["Chrome"] });
const appId = t.String({
  minLength: 1,
  maxLength: 200,
  pattern: "^[\\x21-\\x7e]+$",
  description: "the id the store gave it, without spaces",
  examples: ["aapbdbdomjkkjkaonfhkkikfgjllcleb"],
});
const storeUrl = nullable(
  t.String({
    minLength: 1,
    maxLength: 2048,
    description: "Its page in the store.",
    examples: ["https://chromewebstore.google.com/detail/aapbdbdomjkkjkaonfhkkikfgjllcleb"],
  }),
);
const enabled = t.Boolean({ description: "Off: every credential of it is refused." });

export const NewExtension = strict({
  name,
  appId,
  storeUrl: t.Optional(storeUrl),
  enabled: t.Optional(enabled),
});
export type NewExtension = typeof NewExtension.static;

export const ExtensionPatch = strict({
  name: t.Optional(name),
  appId: t.Optional(appId),
  storeUrl: t.Optional(storeUrl),
  enabled: t.Optional(enabled),
});
export type ExtensionPatch = typeof ExtensionPatch.static;

export const Extension = t.Object(
  {
    id: t.String({ examples: ["extn_01jd0000000000000000000000"] }),
    name: t.String(),
    appId: t.String(),
    storeUrl: nullable(t.String()),
    enabled: t.Boolean(),
    createdBy: t.String(),
    createdAt: Time,
    updatedAt: Time,
  },
  { $id: "Extension" },
);
export type Extension = typeof Extension.static;

export type ExtensionRow = Database["tables"]["extensions"]["$inferSelect"];

/** What the world may see of a row, and nothing else. */
export const toExtension = (row: ExtensionRow): Extension => ({
  id: row.id,
  name: row.name,
  appId: row.appId,
  storeUrl: row.storeUrl,
  enabled: row.enabled,
  createdBy: row.createdBy,
  createdAt: isoOf(row.createdAt),
  updatedAt: isoOf(row.updatedAt),
});
