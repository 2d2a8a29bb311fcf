import { Elysia } from "elysia";
import type { Guard } from "../../platform/http.ts";
import { once } from "../../platform/once.ts";
import { envelope } from "../../platform/schema.ts";
import { Domain, DomainParams, DomainTransfer } from "../domains/model.ts";
import { transferDomain } from "./domain-transfer.ts";

/** What is done to a domain and the links on it. */
export const linkDomainRoutes = (guard: Guard) =>
  new Elysia({ prefix: "/domains", tags: ["Domains"] })
    .use(guard)
    .post(
      "/:domain/transfer",
      ({ ctx, params, body }) =>
        once(ctx, { status: 200, message: "Domain transferred" }, [params, body], (c) =>
          transferDomain(c, params.domain, body),
        ),
      {
        may: "domains:delete",
        params: DomainParams,
        body: DomainTransfer,
        response: { 200: envelope(Domain) },
        detail: {
          operationId: "transferDomain",
          summary: "Give to another workspace, with its links",
          description:
            "For people who may add domains and make links there. Up to 1,000 links go along, the trash included; there each is a link of its own, with a new id, and is counted from nothing. What was counted before stays in the statistics of this workspace.",
        },
      },
    );
