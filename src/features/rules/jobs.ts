import { Type as t } from "@sinclair/typebox";
import { and, asc, isNull, lte } from "drizzle-orm";
import { AppError } from "../../lib/errors.ts";
import type { Context } from "../../platform/context.ts";
import { definePeriodicJob } from "../../platform/jobs/job.ts";
import { finishSplit } from "./split.ts";
import type { SplitRow } from "./split-model.ts";

const AT_ONCE = 100;

export const finishSplitsJob = definePeriodicJob({
  name: "rules.finish-splits",
  args: t.Object({}),
  schedule: { everyMs: 60_000 },
  timeoutMs: 10 * 60_000,
  run: (ctx, _, { signal }) => finishDue(ctx, signal),
});

/** Finishes the splits of every workspace whose date has come: everybody then goes where most clicks were for the weight. */
export async function finishDue(ctx: Context, signal: AbortSignal): Promise<void> {
  const { splits } = ctx.db.tables;
  const due = await ctx.db.read
    .select()
    .from(splits)
    .where(and(lte(splits.finishesAt, ctx.clock.now()), isNull(splits.finishedAt)))
    .orderBy(asc(splits.finishesAt))
    .limit(AT_ONCE);
  for (const row of due as SplitRow[]) {
    signal.throwIfAborted();
    const owner = { ...ctx, actor: { ...ctx.actor, workspaceId: row.workspaceId } };
    await finish(owner, row);
  }
}

async function finish(ctx: Context, { linkId, ruleId }: SplitRow): Promise<void> {
  if (linkId === null) return;
  try {
    await finishSplit(ctx, { link: linkId, ...(ruleId === null ? {} : { rule: ruleId }) }, {});
  } catch (error) {
    // Finished or deleted meanwhile, or its link lies in the trash: nobody goes there.
    if (error instanceof AppError && ["CONFLICT", "NOT_FOUND"].includes(error.code)) return;
    throw error;
  }
}
