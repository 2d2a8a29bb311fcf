import { Type as t } from "@sinclair/typebox";
import { queryInteger } from "../../platform/schema.ts";
import { Campaign } from "../campaigns/model.ts";
import { Domain } from "../domains/model.ts";
import { Link } from "../links/model.ts";
import { Member } from "../members/model.ts";
import { Tag } from "../tags/model.ts";

export const searchQuery = {
  query: t.String({
    minLength: 1,
    maxLength: 200,
    description: "What is looked for: words or their beginnings, a slug, a short URL.",
    examples: ["summer"],
  }),
  limit: t.Optional(queryInteger({ minimum: 1, maximum: 20, description: "Of each kind; 5 when left out." })),
};

export const Found = t.Object(
  {
    links: t.Array(Link, { description: "Best first." }),
    domains: t.Array(Domain),
    tags: t.Array(Tag),
    campaigns: t.Array(Campaign),
    members: t.Array(Member),
  },
  { $id: "Found", description: "A kind that the caller may not read is empty." },
);
export type Found = typeof Found.static;
