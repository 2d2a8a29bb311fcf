import { Type as t } from "@sinclair/typebox";
import { defineJob } from "../../platform/jobs/job.ts";
import { Asker, asAsker } from "./asker.ts";
import { runImport } from "./run-import.ts";
import { runUndo } from "./undo-import.ts";

const LONGEST_MS = 4 * 3_600_000;

export const runImportJob = defineJob({
  name: "transfer.import",
  args: t.Object({ import: t.String(), asker: Asker }),
  timeoutMs: LONGEST_MS,
  run: (ctx, args, job) => runImport(asAsker(ctx, args.asker), args.import, job),
});

export const undoImportJob = defineJob({
  name: "transfer.undo-import",
  args: t.Object({ import: t.String(), asker: Asker }),
  timeoutMs: LONGEST_MS,
  run: (ctx, args, job) => runUndo(asAsker(ctx, args.asker), args.import, job),
});
