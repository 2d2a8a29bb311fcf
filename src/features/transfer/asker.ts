import { Type as t } from "@sinclair/typebox";
import type { Id } from "../../lib/ids.ts";
import type { Context } from "../../platform/context.ts";
import { nullable } from "../../platform/schema.ts";

/** Who asked for a job, as far as it says which folders are open to it. */
export const Asker = t.Object({
  id: t.String(),
  userId: nullable(t.String()),
  keyId: nullable(t.String()),
  mayAll: t.Boolean(),
});
export type Asker = typeof Asker.static;

export const askerOf = ({ actor }: Context): Asker => ({
  id: actor.id,
  userId: actor.person?.userId ?? null,
  keyId: actor.application?.keyId ?? null,
  mayAll: actor.application?.permissions.has("workspace:update") ?? false,
});

/** The context of a job that reaches what they reach who asked for it, as it is now. */
export const asAsker = (job: Context, { id, userId, keyId, mayAll }: Asker): Context => ({
  ...job,
  actor: {
    ...job.actor,
    id,
    person:
      userId === null
        ? null
        : {
            userId: userId as Id<"usr">,
            sessionId: null,
            provedAt: null,
            operator: false,
            scopes: null,
          },
    application:
      keyId === null
        ? null
        : {
            keyId: keyId as Id<"key">,
            kind: "secret",
            workspaceId: job.actor.workspaceId,
            environment: "live",
            permissions: new Set(mayAll ? (["workspace:update"] as const) : []),
            tier: null,
          },
  },
});
