import { Type as t } from "@sinclair/typebox";
import { defineJob } from "../../platform/jobs/job.ts";
import { runImport } from "./run-import.ts";
import { runUndo } from "./undo-import.ts";

const LONGEST_MS = 4 * 3_600_000;

export const runImportJob = defineJob({
  name: "transfer.import",
  args: t.Object({ import: t.String() }),
  timeoutMs: LONGEST_MS,
  run: (ctx, args, job) => runImport(ctx, args.import, job),
});

export const undoImportJob = defineJob({
  name: "transfer.undo-import",
  args: t.Object({ import: t.String() }),
  timeoutMs: LONGEST_MS,
  run: (ctx, args, job) => runUndo(ctx, args.import, job),
});
