import { Type as t } from "@sinclair/typebox";
import { defineEvent } from "../events.ts";

const told = {
  id: t.String(),
  name: t.String(),
};

/** Given up: its last attempt has failed. */
export const jobDied = defineEvent(
  "job.died",
  t.Object({ ...told, attempts: t.Integer(), code: t.String() }),
);
/** A person lets it begin anew. */
export const jobRetried = defineEvent("job.retried", t.Object(told));
/** A person has called it off; one that runs is told to stop. */
export const jobCancelled = defineEvent("job.cancelled", t.Object({ ...told, running: t.Boolean() }));
