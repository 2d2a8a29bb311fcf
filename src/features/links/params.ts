import { Type as t } from "@sinclair/typebox";
import { strict } from "../../platform/schema.ts";

/** How a path names a link. */
export const LinkParams = t.Object({
  link: t.String({
    maxLength: 600,
    description:
      "Id, ext_ and your external id, or with ?domain= the slug (`%2Fcount` for a link that is called count).",
  }),
});
export const named = {
  domain: t.Optional(
    t.String({
      minLength: 1,
      maxLength: 255,
      description: "Host or id, when the link is named by its slug.",
    }),
  ),
};
export const Named = strict(named);
