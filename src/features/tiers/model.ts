import { Type as t } from "@sinclair/typebox";
import { lineText, nullable, strict } from "../../platform/schema.ts";

export const TierName = t.String({
  maxLength: 40,
  pattern: "^[a-z][a-z0-9_-]{0,39}$",
  description: "a name of small letters, digits, _ and -",
  examples: ["partners"],
});
const Calls = (window: string) =>
  nullable(
    t.Integer({
      minimum: 1,
      maximum: 1_000_000_000,
      description: `Calls in one ${window}; null for no limit.`,
    }),
  );
const about = lineText(200, "Who it is for, on one line.");
const limits = {
  perMinute: t.Optional(Calls("minute")),
  perHour: t.Optional(Calls("hour")),
  perDay: t.Optional(Calls("day")),
};

export const NewTier = strict({ name: TierName, about: t.Optional(about), ...limits });
export type NewTier = typeof NewTier.static;

export const TierPatch = strict({ about: t.Optional(about), ...limits });
export type TierPatch = typeof TierPatch.static;

export const Tier = t.Object(
  {
    name: t.String({ examples: ["mobile"] }),
    about: t.String(),
    perMinute: nullable(t.Integer()),
    perHour: nullable(t.Integer()),
    perDay: nullable(t.Integer()),
    builtIn: t.Boolean({ description: "Part of the program, and not changed." }),
    isDefault: t.Boolean({ description: "For callers whose key names none." }),
  },
  { $id: "RateTier" },
);
export type Tier = typeof Tier.static;
