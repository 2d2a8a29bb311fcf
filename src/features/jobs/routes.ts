import { Type as t } from "@sinclair/typebox";
import { Elysia } from "elysia";
import type { Guard } from "../../platform/http.ts";
import { once } from "../../platform/once.ts";
import { ok, page } from "../../platform/reply.ts";
import { envelope, listEnvelope, strict } from "../../platform/schema.ts";
import { jobCounts, listJobs, readJob } from "./list.ts";
import { filterQuery, Job, JobCounts, JobSummary, walkQuery } from "./model.ts";
import { cancelJob, retryJob } from "./retry.ts";
import { streamJob } from "./stream.ts";

const JobParams = t.Object({ job: t.String({ maxLength: 40 }) });

export const jobRoutes = (guard: Guard) =>
  new Elysia({ prefix: "/jobs", tags: ["Jobs"] })
    .use(guard)
    .get(
      "",
      ({ ctx, query: { limit, cursor, ...filter } }) => {
        const paging = { ...(limit && { limit }), ...(cursor !== undefined && { cursor }) };
        const { state, name, queue } = filter;
        return page(ctx, "Jobs", paging, JSON.stringify(["jobs", state, name, queue]), (request) =>
          listJobs(ctx, filter, request),
        );
      },
      {
        may: "jobs:read",
        query: strict({ ...filterQuery, ...walkQuery }),
        response: { 200: listEnvelope(JobSummary) },
        detail: {
          operationId: "listJobs",
          summary: "Jobs of the workspace, newest first; all of them for an operator",
          description: "`pagination.total` is exact up to 10,000.",
        },
      },
    )
    .get("/counts", async ({ ctx }) => ok(ctx, "Counts", await jobCounts(ctx)), {
      may: "jobs:read",
      response: { 200: envelope(JobCounts) },
      detail: { operationId: "countJobs", summary: "How many jobs there are in each state" },
    })
    .get("/:job", async ({ ctx, params }) => ok(ctx, "Job", await readJob(ctx, params.job)), {
      may: "jobs:read",
      params: JobParams,
      response: { 200: envelope(Job) },
      detail: { operationId: "getJob", summary: "One job, with its failed attempts" },
    })
    .get("/:job/events", ({ ctx, params }) => streamJob(ctx, params.job), {
      may: "jobs:read",
      params: JobParams,
      detail: {
        operationId: "followJob",
        summary: "A job as it changes, as server-sent events",
        description:
          "`job` carries the job whenever it has changed, `end` carries it when it has ended, and a comment keeps the connection alive. The stream ends after ten minutes at most; ask again then.",
        responses: {
          200: {
            description: "The stream.",
            content: { "text/event-stream": { schema: { type: "string" } } },
          },
        },
      },
    })
    .post(
      "/:job/retry",
      ({ ctx, params }) =>
        once(ctx, { status: 200, message: "Job begins anew" }, params, (c) => retryJob(c, params.job)),
      {
        may: "jobs:update",
        params: JobParams,
        response: { 200: envelope(Job) },
        detail: {
          operationId: "retryJob",
          summary: "Let a dead or cancelled job begin anew, and a scheduled one begin now",
        },
      },
    )
    .post(
      "/:job/cancel",
      ({ ctx, params }) =>
        once(ctx, { status: 200, message: "Job cancelled" }, params, (c) => cancelJob(c, params.job)),
      {
        may: "jobs:update",
        params: JobParams,
        response: { 200: envelope(Job) },
        detail: { operationId: "cancelJob", summary: "Call a job off; one that runs is told to stop" },
      },
    );
