import type { Job, JobCounts, JobSummary } from "../features/jobs/model.ts";
import { type Ask, apiOptions, askApi, chosenWorkspace, table } from "./api-call.ts";
import type { Call, Command, Option } from "./command.ts";
import { columns } from "./help.ts";

/** Without a workspace the operator sees the jobs of all. */
const options: Readonly<Record<string, Option>> = {
  workspace: { value: "ID", about: "Jobs of this workspace only, by id or name." },
  json: apiOptions["json"]!,
};

export const jobListCommand: Command = {
  name: "job list",
  about: "Lists jobs, newest first, and how many there are in each state.",
  words: [0, 0],
  options: {
    state: { value: "STATE", about: "scheduled, waiting, running, done, dead or cancelled." },
    name: { value: "NAME", about: "Jobs of this name, such as links.empty-trash." },
    queue: { value: "QUEUE", about: "Jobs of this queue." },
    limit: { value: "N", about: "How many, 20 when left out, 100 at most." },
    ...options,
  },
  run: (call) =>
    askApi(
      call,
      async (ask) => {
        const workspace = await workspaceOf(ask, call);
        const jobs = await ask<JobSummary[]>("GET", `/jobs${queryOf(call)}`, undefined, workspace);
        return { jobs, counts: await ask<JobCounts>("GET", "/jobs/counts", undefined, workspace) };
      },
      ({ jobs, counts }) =>
        [
          ...(jobs.length === 0 ? ["No jobs."] : [table([HEAD, ...jobs.map(row)])]),
          "",
          STATES.map((state) => `${counts[state].toLocaleString("en-US")} ${state}`).join(", "),
        ].join("\n"),
    ),
};

const STATES = ["scheduled", "waiting", "running", "done", "dead", "cancelled"] as const;
const HEAD = ["ID", "NAME", "STATE", "ATTEMPTS", "PROGRESS", "RUN AT", "ENDED"];
const row = (job: JobSummary): string[] => [
  job.id,
  job.name,
  job.state,
  `${job.attempts}/${job.attemptsMax}`,
  job.progress === null ? "" : `${Math.round(job.progress * 100)} %`,
  job.runAt,
  job.endedAt ?? "",
];

function queryOf(call: Call): string {
  const query = new URLSearchParams();
  for (const name of ["state", "name", "queue", "limit"]) {
    const text = call.text(name);
    if (text !== undefined) query.set(name, text);
  }
  return query.size === 0 ? "" : `?${query}`;
}

const workspaceOf = (ask: Ask, call: Call): Promise<string | undefined> => {
  const named = call.text("workspace");
  return named === undefined ? Promise.resolve(undefined) : chosenWorkspace(ask, named);
};

const about = (name: string, what: string, method: string, path: string): Command => ({
  name: `job ${name}`,
  about: what,
  takes: "<job>",
  words: [1, 1],
  options,
  run: (call) =>
    askApi(
      call,
      async (ask) =>
        ask<Job>(
          method,
          `/jobs/${encodeURIComponent(call.words[0]!)}${path}`,
          undefined,
          await workspaceOf(ask, call),
        ),
      facts,
    ),
});

export const jobShowCommand = about("show", "Shows one job with its failed attempts.", "GET", "");
export const jobRetryCommand = about(
  "retry",
  "Lets a dead or cancelled job begin anew, and a scheduled one begin now.",
  "POST",
  "/retry",
);
export const jobCancelCommand = about(
  "cancel",
  "Calls a job off; one that runs is told to stop.",
  "POST",
  "/cancel",
);

function facts({ errors, args, ...job }: Job): string {
  const known = Object.entries(job).filter(([, value]) => value !== null);
  const lines = columns(known.map(([name, value]) => [name, String(value)] as const));
  if (args !== null) lines.push(...columns([["args", JSON.stringify(args)]]));
  for (const { attempt, endedAt, code, message } of errors)
    lines.push(`  attempt ${attempt}, ${endedAt}: ${code}: ${message}`);
  return lines.join("\n");
}
