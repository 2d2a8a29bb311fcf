import { Type as t } from "@sinclair/typebox";
import type { Id } from "../../lib/ids.ts";
import { isoOf, isoOrNull, nameText, nullable, oneOf, strict, Time } from "../../platform/schema.ts";
import type { Place } from "./model.ts";

export const VARIANTS_MIN = 2;
export const VARIANTS_MAX = 10;

const winnerBy = oneOf(["clicks", "conversions"], "What the winner is chosen by when the split is finished.");

export const NewSplit = strict({
  variants: t.Array(
    strict({
      name: t.Optional(nameText(100)),
      destinationUrl: t.String({ minLength: 1, maxLength: 8192 }),
      weight: t.Optional(
        t.Integer({ minimum: 1, maximum: 1000, description: "Of the sum of all weights. 1 when left out." }),
      ),
    }),
    {
      minItems: VARIANTS_MIN,
      maxItems: VARIANTS_MAX,
      examples: [[{ destinationUrl: "https://example.com/a" }, { destinationUrl: "https://example.com/b" }]],
    },
  ),
  winnerBy: t.Optional(winnerBy),
  finishesAt: t.Optional(nullable(Time)),
});
export type NewSplit = typeof NewSplit.static;

export const Finish = strict({
  winner: t.Optional(
    nullable(t.String({ maxLength: 64, description: "Id of a variant; by the numbers when left out." })),
  ),
});
export type Finish = typeof Finish.static;

const variant = {
  id: t.String({ examples: ["var_01jd0000000000000000000000"] }),
  name: t.String(),
  destinationUrl: t.String(),
  weight: t.Integer(),
};
const core = {
  parentId: t.String({ description: "The link, or the rule, whose visitors are shared out." }),
  linkId: nullable(t.String()),
  ruleId: nullable(t.String()),
  domainId: nullable(t.String()),
  slug: nullable(t.String()),
  winnerBy,
  finishesAt: nullable(Time),
  finishedAt: nullable(Time),
  winner: nullable(
    t.String({ description: "Id of the variant everybody goes to since the split is finished." }),
  ),
  version: t.Integer(),
  createdBy: t.String(),
  createdAt: Time,
  updatedAt: Time,
};
/** A split without its numbers: what events tell. */
export const SplitCore = t.Object({ ...core, variants: t.Array(t.Object(variant)) }, { $id: "SplitCore" });
export type SplitCore = typeof SplitCore.static;

export const Split = t.Object(
  {
    ...core,
    variants: t.Array(
      t.Object({
        ...variant,
        clicks: t.Integer(),
        uniqueClicks: t.Integer({ description: "Distinct visitors per day, summed over days." }),
        share: t.Number({ description: "Of all clicks of the split, 0 to 1." }),
        expectedShare: t.Number({ description: "What its weight makes one expect." }),
        pValue: nullable(
          t.Number({
            description:
              "How likely a difference as large as this one is by chance alone; null while there are too few clicks to say.",
          }),
        ),
      }),
    ),
    leader: nullable(
      t.String({ description: "Id of the variant that is ahead; null before the first click." }),
    ),
    significant: t.Boolean({
      description: "Whether the leader is ahead by more than chance explains (p < 0.05, Bonferroni).",
    }),
    method: t.String(),
  },
  { $id: "Split" },
);
export type Split = typeof Split.static;

export interface VariantRow {
  readonly id: Id<"var">;
  readonly name: string;
  readonly destinationUrl: string;
  readonly weight: number;
}
export interface SplitRow {
  readonly parentId: Id<"link"> | Id<"rule">;
  readonly workspaceId: Id<"ws">;
  readonly linkId: Id<"link"> | null;
  readonly ruleId: Id<"rule"> | null;
  readonly variants: readonly VariantRow[];
  readonly winnerBy: "clicks" | "conversions";
  readonly finishesAt: number | null;
  readonly finishedAt: number | null;
  readonly winnerId: string | null;
  readonly version: number;
  readonly createdBy: string;
  readonly createdAt: number;
  readonly updatedAt: number;
}

export const toSplitCore = (row: SplitRow, place: Place): SplitCore => ({
  parentId: row.parentId,
  linkId: row.linkId,
  ruleId: row.ruleId,
  domainId: place?.domainId ?? null,
  slug: place?.slug ?? null,
  variants: row.variants.map(({ id, name, destinationUrl, weight }) => ({
    id,
    name,
    destinationUrl,
    weight,
  })),
  winnerBy: row.winnerBy,
  finishesAt: isoOrNull(row.finishesAt),
  finishedAt: isoOrNull(row.finishedAt),
  winner: row.winnerId,
  version: row.version,
  createdBy: row.createdBy,
  createdAt: isoOf(row.createdAt),
  updatedAt: isoOf(row.updatedAt),
});
