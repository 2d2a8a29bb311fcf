import { Type as t } from "@sinclair/typebox";
import { definePeriodicJob } from "../../platform/jobs/job.ts";
import { emptyTrash } from "./trash.ts";

export const emptyTrashJob = definePeriodicJob({
  name: "links.empty-trash",
  args: t.Object({}),
  schedule: { everyMs: 3_600_000 },
  timeoutMs: 30 * 60_000,
  run: (ctx, _, job) => emptyTrash(ctx, job),
});
