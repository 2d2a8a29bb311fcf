import { Type as t } from "@sinclair/typebox";
import { Elysia } from "elysia";
import type { Guard } from "../../platform/http.ts";
import { once } from "../../platform/once.ts";
import { pagingQuery } from "../../platform/paging.ts";
import { ok, page } from "../../platform/reply.ts";
import { envelope, listEnvelope, oneOf, strict } from "../../platform/schema.ts";
import { inWorkspace } from "../workspaces/sides.ts";
import { acceptByToken, acceptInvite, declineInvite } from "./accept.ts";
import { createInvite, listInvites, readInvite, resendInvite, revokeInvite } from "./invites.ts";
import { Acceptance, Accepted, Invite, InviteToken, NewInvite, ReceivedInvite } from "./model.ts";
import { listMyInvites, lookAtInvite } from "./received.ts";

const workspace = t.String({ maxLength: 64, description: "ws_…" });
const invite = t.String({ maxLength: 64, description: "inv_…" });
const WorkspaceParams = t.Object({ workspace });
const SentParams = t.Object({ workspace, invite });
const ReceivedParams = t.Object({ invite });
const filterQuery = { state: t.Optional(oneOf(["pending"], "Only those that can be accepted.")) };

const sent = (guard: Guard) =>
  new Elysia({ prefix: "/workspaces/:workspace/invites", tags: ["Invitations"] })
    .use(guard)
    .get(
      "",
      async ({ ctx, params, query: { state, ...paging } }) => {
        const inside = await inWorkspace(ctx, params.workspace);
        return page(inside, "Invitations", paging, `invites ${state}`, (request) =>
          listInvites(inside, state, request),
        );
      },
      {
        may: "members:read",
        params: WorkspaceParams,
        query: strict({ ...filterQuery, ...pagingQuery }),
        response: { 200: listEnvelope(Invite) },
        detail: { operationId: "listInvites", summary: "Invitations of the workspace, newest first" },
      },
    )
    .post(
      "",
      async ({ ctx, params, body }) => {
        const inside = await inWorkspace(ctx, params.workspace);
        return once(inside, { status: 201, message: "Invitation mailed" }, body, (c) =>
          createInvite(c, body),
        );
      },
      {
        may: "members:create",
        params: WorkspaceParams,
        body: NewInvite,
        response: { 201: envelope(Invite) },
        detail: { operationId: "createInvite", summary: "Ask somebody in by mail; good for seven days" },
      },
    )
    .get(
      "/:invite",
      async ({ ctx, params }) =>
        ok(ctx, "Invitation", await readInvite(await inWorkspace(ctx, params.workspace), params.invite)),
      {
        may: "members:read",
        params: SentParams,
        response: { 200: envelope(Invite) },
        detail: { operationId: "getInvite", summary: "One invitation" },
      },
    )
    .post(
      "/:invite/resend",
      async ({ ctx, params }) => {
        const inside = await inWorkspace(ctx, params.workspace);
        return once(inside, { status: 200, message: "Invitation mailed again" }, params, (c) =>
          resendInvite(c, params.invite),
        );
      },
      {
        may: "members:create",
        params: SentParams,
        response: { 200: envelope(Invite) },
        detail: { operationId: "resendInvite", summary: "Mail it again: a new link, and seven more days" },
      },
    )
    .delete(
      "/:invite",
      async ({ ctx, params }) =>
        ok(
          ctx,
          "Invitation revoked",
          await revokeInvite(await inWorkspace(ctx, params.workspace), params.invite),
        ),
      {
        may: "members:delete",
        params: SentParams,
        response: { 200: envelope(Invite) },
        detail: { operationId: "revokeInvite", summary: "Take an invitation back" },
      },
    );

const received = (guard: Guard) =>
  new Elysia({ prefix: "/invites", tags: ["Invitations"] })
    .use(guard)
    .get("", async ({ ctx }) => ok(ctx, "Your invitations", await listMyInvites(ctx)), {
      may: "memberships:read",
      response: { 200: envelope(t.Array(ReceivedInvite)) },
      detail: { operationId: "listMyInvites", summary: "What you were invited to and may accept" },
    })
    .post("/look", async ({ ctx, body }) => ok(ctx, "Invitation", await lookAtInvite(ctx, body.token)), {
      open: true,
      body: InviteToken,
      response: { 200: envelope(ReceivedInvite) },
      detail: { operationId: "lookAtInvite", summary: "What the link of an invitation opens" },
    })
    .post(
      "/accept",
      ({ ctx, body }) =>
        once(ctx, { status: 200, message: "Invitation accepted" }, { ...body, password: null }, (c) =>
          acceptByToken(c, body),
        ),
      {
        open: true,
        body: Acceptance,
        response: { 200: envelope(Accepted) },
        detail: {
          operationId: "acceptInviteByToken",
          summary: "Become a member, with your account or a new one of the address that was invited",
        },
      },
    )
    .post(
      "/:invite/accept",
      ({ ctx, params }) =>
        once(ctx, { status: 200, message: "Invitation accepted" }, params, (c) =>
          acceptInvite(c, params.invite),
        ),
      {
        may: "memberships:create",
        params: ReceivedParams,
        response: { 200: envelope(Accepted) },
        detail: { operationId: "acceptInvite", summary: "Become a member" },
      },
    )
    .post(
      "/:invite/decline",
      ({ ctx, params }) =>
        once(ctx, { status: 200, message: "Invitation declined" }, params, (c) =>
          declineInvite(c, params.invite),
        ),
      {
        may: "memberships:delete",
        params: ReceivedParams,
        response: { 200: envelope(ReceivedInvite) },
        detail: { operationId: "declineInvite", summary: "Decline an invitation" },
      },
    );

export const inviteRoutes = (guard: Guard) => new Elysia().use(sent(guard)).use(received(guard));
