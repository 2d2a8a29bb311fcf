import { type TSchema, Type as t } from "@sinclair/typebox";
import { nullable, strict } from "../../platform/schema.ts";
import { Link, LinkPatch, NewLink, tagsMax } from "./model.ts";

/** Most links of one call. */
export const bulkMax = 1000;

/** Rows are judged one by one by the verb, so that one that is wrong does not refuse the others; this is what the reference shows of them. */
const rowsOf = (schema: TSchema, example: object) => {
  const { type, properties, required } = schema;
  return t.Array(t.Unknown({ type, properties, required, additionalProperties: false }), {
    minItems: 1,
    maxItems: bulkMax,
    examples: [[example]],
  });
};
const validateOnly = t.Optional(
  t.Boolean({ description: "Say what would become of each row, and store nothing." }),
);

export const NewLinks = strict({
  links: rowsOf(NewLink, { destinationUrl: "https://example.com/landing" }),
  validateOnly,
});
export type NewLinks = typeof NewLinks.static;

const names = t.Array(t.String({ minLength: 1, maxLength: 600 }), {
  minItems: 1,
  maxItems: bulkMax,
  description: "Ids, or ext_ and your external id.",
  examples: [["link_01jd0000000000000000000000"]],
});
export const LinkNames = strict({ links: names, validateOnly });
export type LinkNames = typeof LinkNames.static;

const { slug: _, externalId: __, ...patch } = LinkPatch.properties;
const someTags = t.Optional(t.Array(patch.tags.items, { maxItems: tagsMax, uniqueItems: true }));
/** What may be the same for many links. */
export const BulkPatch = t.Object(
  { ...patch, addTags: someTags, removeTags: someTags },
  { additionalProperties: false, examples: [{ addTags: ["summer"] }] },
);
export type BulkPatch = typeof BulkPatch.static;
export const LinksPatch = strict({ links: names, data: BulkPatch, validateOnly });
export type LinksPatch = typeof LinksPatch.static;

const RowError = t.Object({
  code: t.String({ examples: ["SLUG_TAKEN"] }),
  message: t.String(),
  details: t.Array(
    t.Object({
      path: t.String({ description: "Into the body that was sent.", examples: ["/links/3/slug"] }),
      message: t.String(),
    }),
  ),
});
export const BulkResult = t.Object(
  {
    succeeded: t.Integer(),
    failed: t.Integer(),
    validateOnly: t.Boolean({ description: "Whether this only says what would be." }),
    results: t.Array(
      t.Object({
        index: t.Integer({ description: "Of the row in the body, from 0." }),
        status: t.Integer({ description: "What the call for this link alone would have answered." }),
        link: nullable(Link),
        error: nullable(RowError),
      }),
      { description: "One for each row, in their order." },
    ),
  },
  { $id: "BulkResult" },
);
export type BulkResult = typeof BulkResult.static;
