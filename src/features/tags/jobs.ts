import { Type as t } from "@sinclair/typebox";
import { defineJob, definePeriodicJob } from "../../platform/jobs/job.ts";
import { settleAll, settleTag } from "./settle.ts";

/** Tells the links of a tag that is going away. */
export const settleTagJob = defineJob({
  name: "tags.settle",
  args: t.Object({ tagId: t.String() }),
  timeoutMs: 30 * 60_000,
  run: (ctx, { tagId }, job) => settleTag(ctx, tagId, job.signal),
});

/** What is left of that, and of the days when tags were words on links. */
export const tagUpkeepJob = definePeriodicJob({
  name: "tags.upkeep",
  args: t.Object({}),
  schedule: { everyMs: 3_600_000 },
  timeoutMs: 30 * 60_000,
  run: (ctx, _, job) => settleAll(ctx, job.signal),
});
