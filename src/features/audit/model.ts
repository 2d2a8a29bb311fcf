import { Type as t } from "@sinclair/typebox";
import type { Context } from "../../platform/context.ts";
import { isErasedProof } from "../../platform/proofs.ts";
import { isoOf, nullable, oneOf, strict, Time } from "../../platform/schema.ts";

const Text = (description: string) => t.Optional(t.String({ minLength: 1, maxLength: 64, description }));

/** What a list and an export may be limited to. */
export const auditFilter = {
  type: t.Optional(
    t.String({
      maxLength: 100,
      pattern: "^[a-z_]+\\.([a-z_]+|\\*)$",
      description: "`link.updated`, or `link.*` for all that happens to links.",
    }),
  ),
  actor: Text("Who did it: `usr_…`, `key_…`, `local` for the command line, `system`."),
  subject: Text("What it happened to: `link_…`, `usr_…` …"),
  key: Text("The key it was done with, `key_…`, whoever was behind it."),
  requestId: Text("The X-Request-ID of the call."),
  from: t.Optional(Time),
  to: t.Optional(Time),
};
const AuditFilterSchema = strict(auditFilter);
export type AuditFilter = typeof AuditFilterSchema.static;

/** Whatever the event tells. */
const told = (description: string) => nullable(t.Object({}, { additionalProperties: true, description }));

export const AuditEvent = t.Object(
  {
    id: t.String({ examples: ["evt_01jd0000000000000000000000"] }),
    type: t.String({ examples: ["link.updated"] }),
    workspaceId: nullable(t.String()),
    actor: t.Object({ kind: oneOf(["user", "key", "job", "system"]), id: t.String() }),
    keyId: nullable(t.String({ description: "The key the call came with, also beside a person." })),
    subjectId: t.String(),
    data: told("The thing as it was afterwards; for what ended with it, as it was last. Null once erased."),
    previous: told("The fields that it had otherwise before; null where it is not about a change."),
    requestId: nullable(t.String()),
    network: nullable(
      t.String({ description: "Where from, cut to /24 or /48.", examples: ["192.0.2.0/24"] }),
    ),
    userAgent: nullable(t.String()),
    erased: t.Boolean({ description: "A person's data was taken out of it." }),
    sealed: t.Boolean({ description: "The chain holds it: it cannot be changed unseen." }),
    createdAt: Time,
  },
  { $id: "AuditEvent" },
);
export type AuditEvent = typeof AuditEvent.static;

export type EventRow = Context["db"]["tables"]["events"]["$inferSelect"];

/** A row as the world may see it. */
export function toAuditEvent(row: EventRow): AuditEvent {
  const { data, previous } = parted(row.data);
  return {
    id: row.id,
    type: row.type,
    workspaceId: row.workspaceId,
    actor: { kind: row.actorKind, id: row.actorId },
    keyId: row.keyId,
    subjectId: row.subjectId,
    data,
    previous,
    requestId: row.requestId ?? row.origin.requestId,
    network: row.origin.network,
    userAgent: row.origin.userAgent,
    erased: isErasedProof(row.dataProof ?? "") || isErasedProof(row.originProof ?? ""),
    sealed: row.seal !== null,
    createdAt: isoOf(row.createdAt),
  };
}

/** Updates tell what was before beside what is (`defineUpdate`); here they stand apart. */
function parted(data: unknown): { data: object | null; previous: object | null } {
  if (typeof data !== "object" || data === null) return { data: null, previous: null };
  const { previous, ...rest } = data as { previous?: unknown };
  return { data: rest, previous: typeof previous === "object" ? previous : null };
}

export const ErasureInput = strict({
  subject: t.String({
    minLength: 1,
    maxLength: 64,
    description: "The person: `usr_…`.",
    examples: ["usr_01jd0000000000000000000000"],
  }),
  texts: t.Optional(
    t.Array(t.String({ minLength: 5, maxLength: 254 }), {
      maxItems: 10,
      description: "What else tells of them, such as their e-mail address, wherever it stands.",
    }),
  ),
});
export type ErasureInput = typeof ErasureInput.static;

export const ErasureBegun = t.Object({ job: t.String() }, { $id: "ErasureBegun" });

export const findingKinds = [
  "altered",
  "deleted",
  "inserted",
  "moved",
  "erased_unrecorded",
  "seal_altered",
  "seal_missing",
] as const;

export const Verification = t.Object(
  {
    seal: t.Integer({ description: "The last one that was looked at; send as `after` to go on." }),
    hash: t.String({
      description:
        "Its hash. Kept elsewhere, it proves later that the log still begins so: send as `expect`.",
    }),
    seals: t.Integer({ description: "How many were looked at." }),
    events: t.Integer({ description: "Events in them." }),
    erased: t.Integer({ description: "Events that a person's data was taken out of, on record." }),
    unsealed: t.Integer({ description: "Events that the next seal will hold." }),
    done: t.Boolean(),
    findings: t.Array(
      t.Object({
        kind: oneOf(findingKinds),
        seal: t.Integer(),
        eventId: nullable(t.String()),
        message: t.String(),
      }),
    ),
  },
  { $id: "Verification" },
);
export type Verification = typeof Verification.static;
export type Finding = Verification["findings"][number];
