import { Type as t } from "@sinclair/typebox";
import { defineJob, definePeriodicJob } from "../../platform/jobs/job.ts";
import { Asker, asAsker } from "./asker.ts";
import { makeExport } from "./make-export.ts";
import { sweepExports } from "./sweep.ts";

const HOUR_MS = 3_600_000;

export const makeExportJob = defineJob({
  name: "transfer.export",
  args: t.Object({ export: t.String(), asker: Asker }),
  attemptsMax: 5,
  timeoutMs: HOUR_MS,
  run: (ctx, args, job) => makeExport(asAsker(ctx, args.asker), args.export, job),
});

export const sweepExportsJob = definePeriodicJob({
  name: "transfer.sweep",
  args: t.Object({}),
  schedule: { everyMs: HOUR_MS },
  run: (ctx) => sweepExports(ctx),
});
