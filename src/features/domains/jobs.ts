import { Type as t } from "@sinclair/typebox";
import { definePeriodicJob } from "../../platform/jobs/job.ts";
import { verifyDue } from "./verify.ts";

export const verifyDomainsJob = definePeriodicJob({
  name: "domains.verify",
  args: t.Object({}),
  schedule: { everyMs: 5 * 60_000 },
  timeoutMs: 30 * 60_000,
  run: (ctx, _, job) => verifyDue(ctx, job),
});
