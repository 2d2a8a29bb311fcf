import { Type as t } from "@sinclair/typebox";
import type { Tables } from "../../db/schema/tables.ts";
import { isoOf, isoOrNull, nullable, oneOf, strict, Time } from "../../platform/schema.ts";
import { filterQuery } from "../links/filter.ts";
import { Link } from "../links/model.ts";

export const formats = ["csv", "json", "ndjson"] as const;
export type Format = (typeof formats)[number];

/** Every field of a link, in the order of its model. */
export const linkColumns = Object.keys(Link.properties) as (keyof Link & string)[];

// In a query numbers are texts, which Elysia turns: a body has none to turn.
const clicks = t.Optional(t.Integer({ minimum: 0, maximum: 1_000_000_000_000 }));
const filters = { ...filterQuery, clicksMin: clicks, clicksMax: clicks };

export const NewExport = strict({
  format: t.Optional(oneOf(formats, "csv when left out. ndjson is a link in JSON a line.")),
  filters: t.Optional(strict(filters, "As in GET /links. All links that are not archived when left out.")),
  columns: t.Optional(
    t.Array(oneOf(linkColumns), {
      minItems: 1,
      maxItems: linkColumns.length,
      uniqueItems: true,
      description: "Fields of a link; all when left out.",
    }),
  ),
});
export type NewExport = typeof NewExport.static;

export const exportStates = ["pending", "processing", "completed", "failed", "expired"] as const;
export const Export = t.Object(
  {
    id: t.String({ examples: ["exp_01jd0000000000000000000000"] }),
    state: oneOf(exportStates),
    format: oneOf(formats),
    filters: t.Record(t.String(), t.Unknown()),
    columns: t.Array(t.String()),
    progress: nullable(t.Number({ description: "From 0 to 1, while it is made." })),
    rows: t.Integer({ description: "Links in the file." }),
    bytes: t.Integer(),
    error: nullable(t.String({ description: "Why it failed." })),
    jobId: t.String(),
    createdBy: t.String(),
    createdAt: Time,
    completedAt: nullable(Time),
    expiresAt: nullable(Time),
  },
  { $id: "Export" },
);
export type Export = typeof Export.static;

export type ExportRow = Tables["exports"]["$inferSelect"];
/** What the job of an export or import tells; null when it is kept no longer. */
export interface JobFacts {
  readonly state: string | null;
  readonly progress: number | null;
}

/** A job that ended without having said so was called off, or has failed for good. */
export const isLost = (job: JobFacts): boolean =>
  job.state === null || ["dead", "cancelled", "done"].includes(job.state);

export function toExport(row: ExportRow, job: JobFacts, now: number): Export {
  const isOpen = row.state === "pending";
  const lost = isOpen && isLost(job);
  const expired = row.expiresAt !== null && row.expiresAt <= now;
  return {
    id: row.id,
    state: lost
      ? "failed"
      : isOpen && job.state === "running"
        ? "processing"
        : expired
          ? "expired"
          : row.state,
    format: row.format,
    filters: row.filters,
    columns: row.columns,
    progress: isOpen && !lost && job.progress !== null ? job.progress / 1000 : null,
    rows: row.rows,
    bytes: row.bytes,
    error: lost ? "It was called off, or given up." : row.error,
    jobId: row.jobId,
    createdBy: row.createdBy,
    createdAt: isoOf(row.createdAt),
    completedAt: isoOrNull(row.completedAt),
    expiresAt: isoOrNull(row.expiresAt),
  };
}
