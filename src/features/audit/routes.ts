import { Type as t } from "@sinclair/typebox";
import { Elysia } from "elysia";
import { invalid } from "../../lib/errors.ts";
import { assertFresh } from "../../platform/callers.ts";
import type { Guard } from "../../platform/http.ts";
import { once } from "../../platform/once.ts";
import { pagingQuery } from "../../platform/paging.ts";
import { ok, page } from "../../platform/reply.ts";
import { envelope, listEnvelope, oneOf, queryInteger, strict } from "../../platform/schema.ts";
import { askErasure } from "./erase.ts";
import { exportAudit } from "./export.ts";
import { listAudit, TOTAL_MAX } from "./find.ts";
import { AuditEvent, auditFilter, ErasureBegun, ErasureInput, Verification } from "./model.ts";
import { verifyAudit } from "./verify.ts";

const VerifyQuery = strict({
  after: t.Optional(
    queryInteger({ minimum: 0, maximum: 1e12, description: "`seal` of the answer before, to go on." }),
  ),
  expect: t.Optional(
    t.String({
      maxLength: 80,
      pattern: "^[1-9]\\d{0,11}:[0-9a-f]{64}$",
      description: "`seal:hash` as it was noted at some time: the chain must have it still.",
    }),
  ),
});

export const auditRoutes = (guard: Guard) =>
  new Elysia({ tags: ["Audit"] })
    .use(guard)
    .get(
      "/audit",
      ({ ctx, query }) => {
        const { page: _, limit: __, cursor: ___, ...filter } = query;
        return page(ctx, "Audit log", query, `audit ${JSON.stringify(filter)}`, (request) =>
          listAudit(ctx, filter, request),
        );
      },
      {
        may: "audit:read",
        query: strict({ ...auditFilter, ...pagingQuery }),
        response: { 200: listEnvelope(AuditEvent) },
        detail: {
          operationId: "listAudit",
          summary: "What happened, newest first: in the workspace, or in all of them for operators",
          description: `\`pagination.total\` is counted up to ${TOTAL_MAX}; walk on with \`cursor\`.`,
        },
      },
    )
    .get(
      "/audit/export",
      ({ ctx, query: { format = "jsonl", ...filter } }) => {
        assertFresh(ctx);
        return exportAudit(ctx, filter, format);
      },
      {
        may: "audit:read",
        query: strict({ ...auditFilter, format: t.Optional(oneOf(["csv", "jsonl"])) }),
        detail: {
          operationId: "exportAudit",
          summary: "The same as a file, oldest first: CSV, or an event in JSON a line",
          responses: {
            200: {
              description: "The file.",
              content: {
                "application/x-ndjson": { schema: { type: "string" } },
                "text/csv": { schema: { type: "string" } },
              },
            },
          },
        },
      },
    )
    .get(
      "/installation/audit/verify",
      async ({ ctx, query: { after = 0, expect } }) => {
        const [seal = "", hash = ""] = expect?.split(":") ?? [];
        if (expect !== undefined && Number(seal) <= after)
          throw invalid("/expect", "expect names a seal that after has left behind");
        const noted = expect === undefined ? null : { seal: Number(seal), hash };
        return ok(ctx, "Verified", await verifyAudit(ctx, { after, expect: noted }));
      },
      {
        may: "installation:read",
        query: VerifyQuery,
        response: { 200: envelope(Verification) },
        detail: {
          operationId: "verifyAudit",
          summary: "Whether the audit log is as it was sealed; some of it a call",
        },
      },
    )
    .post(
      "/installation/audit/erase",
      ({ ctx, body }) =>
        once(ctx, { status: 202, message: "Erasure begun" }, body, (c) => askErasure(c, body)),
      {
        may: "installation:update",
        body: ErasureInput,
        response: { 202: envelope(ErasureBegun) },
        detail: {
          operationId: "eraseFromAudit",
          summary: "Take a person's data out of the audit log; its chain holds",
        },
      },
    );
