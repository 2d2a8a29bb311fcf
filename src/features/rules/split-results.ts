import type { Context } from "../../platform/context.ts";
import { type Counts, countsBy } from "./counts.ts";
import { oneProportion } from "./significance.ts";
import type { Split, SplitCore } from "./split-model.ts";

const SIGNIFICANT = 0.05;
const METHOD =
  "One proportion against the share its weight makes one expect: z = (k - n p) / sqrt(n p (1 - p)), two-sided. Clicks of one visitor hang together, so read small p-values with care.";

/** A split with its numbers. */
export async function withResults(ctx: Context, core: SplitCore): Promise<Split> {
  const counts = await countsBy(
    ctx,
    "variant",
    core.variants.map(({ id }) => id),
    core.linkId,
  );
  return { ...core, ...resultsOf(core.variants, counts), method: METHOD };
}

/** The leader has the most clicks for its weight; of several the first. */
export function resultsOf(
  variants: SplitCore["variants"],
  counts: (id: string) => Counts,
): Pick<Split, "variants" | "leader" | "significant"> {
  const weights = variants.reduce((sum, { weight }) => sum + weight, 0);
  const total = variants.reduce((sum, { id }) => sum + counts(id).clicks, 0);
  const measured = variants.map((variant) => {
    const { clicks, uniqueClicks } = counts(variant.id);
    const expectedShare = variant.weight / weights;
    return {
      ...variant,
      clicks,
      uniqueClicks,
      share: total === 0 ? 0 : clicks / total,
      expectedShare,
      pValue: oneProportion(clicks, total, expectedShare),
    };
  });
  const lead = ({ share, expectedShare }: (typeof measured)[number]): number => share / expectedShare;
  const best = measured.reduce((one, other) => (lead(other) > lead(one) ? other : one));
  // As many variants could have been ahead by chance (Bonferroni).
  const isSignificant = best.pValue !== null && best.pValue * variants.length < SIGNIFICANT;
  return {
    variants: measured,
    leader: total === 0 ? null : best.id,
    significant: isSignificant && lead(best) > 1,
  };
}
