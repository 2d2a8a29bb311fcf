import { Type as t } from "@sinclair/typebox";
import { Elysia } from "elysia";
import type { Guard } from "../../platform/http.ts";
import { once } from "../../platform/once.ts";
import { pagingQuery } from "../../platform/paging.ts";
import { ok, page } from "../../platform/reply.ts";
import { envelope, listEnvelope, strict } from "../../platform/schema.ts";
import { listMail, readMail, resendMail, sendTestMail } from "./mail.ts";
import { Mail, MailItem, MailStatusWord, NewSuppression, Suppression, TestMail } from "./model.ts";
import { addSuppression, listSuppressions, removeSuppression } from "./suppressions.ts";

const MailParams = t.Object({ mail: t.String({ maxLength: 64 }) });
const filterQuery = {
  status: t.Optional(MailStatusWord),
  to: t.Optional(t.String({ maxLength: 254, description: "Only mail to this address." })),
  type: t.Optional(t.String({ maxLength: 100, description: "Only mail of this type, such as `mail.test`." })),
};
const SuppressionQuery = strict({
  address: t.String({ maxLength: 254 }),
  topic: t.Optional(t.String({ maxLength: 100, description: "Empty for everything." })),
});

export const mailRoutes = (guard: Guard) =>
  new Elysia({ prefix: "/mail", tags: ["Mail"] })
    .use(guard)
    .get(
      "",
      ({ ctx, query }) =>
        page(ctx, "Mail", query, `mail ${query.status} ${query.type} ${query.to}`, (request) =>
          listMail(ctx, query, request),
        ),
      {
        may: "mail:read",
        query: strict({ ...filterQuery, ...pagingQuery }),
        response: { 200: listEnvelope(MailItem) },
        detail: {
          operationId: "listMail",
          summary: "The delivery log, newest first: the workspace's own, or all of it for operators",
          description: "`pagination.total` is exact up to 10,000.",
        },
      },
    )
    .post(
      "/test",
      ({ ctx, body }) =>
        once(ctx, { status: 201, message: "Test mail queued" }, body, (c) => sendTestMail(c, body)),
      {
        may: "installation:update",
        body: TestMail,
        response: { 201: envelope(Mail) },
        detail: { operationId: "sendTestMail", summary: "Send a mail that says that mail works" },
      },
    )
    .get(
      "/suppressions",
      ({ ctx, query }) =>
        page(ctx, "Suppressions", query, "suppressions", (request) => listSuppressions(ctx, request)),
      {
        may: "installation:read",
        query: strict(pagingQuery),
        response: { 200: listEnvelope(Suppression) },
        detail: { operationId: "listSuppressions", summary: "Addresses that get only what they ask for" },
      },
    )
    .post(
      "/suppressions",
      ({ ctx, body }) =>
        once(ctx, { status: 201, message: "Address suppressed" }, body, (c) => addSuppression(c, body)),
      {
        may: "installation:update",
        body: NewSuppression,
        response: { 201: envelope(Suppression) },
        detail: {
          operationId: "addSuppression",
          summary: "Tell of a bounce or a complaint, or stop writing to an address",
        },
      },
    )
    .delete(
      "/suppressions",
      async ({ ctx, query: { address, topic = "" } }) => {
        await removeSuppression(ctx, address, topic);
        return ok(ctx, "Address may be written to again", null);
      },
      {
        may: "installation:update",
        query: SuppressionQuery,
        response: { 200: envelope(t.Null()) },
        detail: { operationId: "removeSuppression", summary: "Let an address be written to again" },
      },
    )
    .get("/:mail", async ({ ctx, params }) => ok(ctx, "Mail", await readMail(ctx, params.mail)), {
      may: "mail:read",
      params: MailParams,
      response: { 200: envelope(Mail) },
      detail: { operationId: "getMail", summary: "One mail, and what the mail server said" },
    })
    .post(
      "/:mail/resend",
      ({ ctx, params }) =>
        once(ctx, { status: 200, message: "Mail queued again" }, params, (c) => resendMail(c, params.mail)),
      {
        may: "installation:update",
        params: MailParams,
        response: { 200: envelope(Mail) },
        detail: { operationId: "resendMail", summary: "Send a mail once more" },
      },
    );
