import { Type as t } from "@sinclair/typebox";
import type { Tables } from "../../db/schema/tables.ts";
import { isoOf, isoOrNull, nullable, oneOf, strict, Time } from "../../platform/schema.ts";
import { formats, isLost, type JobFacts } from "./export-model.ts";

export const conflictPolicies = ["skip", "overwrite", "rename"] as const;

export const ImportQuery = strict({
  format: t.Optional(oneOf(formats, "What the file is; by its Content-Type when left out.")),
  conflict: t.Optional(
    oneOf(
      conflictPolicies,
      "What becomes of a row whose slug or externalId is in use: it is passed over (when left out), changes the link that has it, or gets another slug.",
    ),
  ),
  domain: t.Optional(
    t.String({ minLength: 1, maxLength: 255, description: "Where all links go, whatever the rows say." }),
  ),
  mapping: t.Optional(
    t.String({
      maxLength: 4000,
      description: 'JSON: which column is which field, such as {"Long URL": "destinationUrl"}.',
    }),
  ),
  dryRun: t.Optional(t.Boolean({ description: "Tell what would become of the rows, and make nothing." })),
});
export type ImportQuery = typeof ImportQuery.static;

export interface ImportOptions {
  readonly conflict: (typeof conflictPolicies)[number];
  readonly domain: string | null;
  readonly mapping: Readonly<Record<string, string>>;
  readonly dryRun: boolean;
}

const states = ["pending", "processing", "completed", "failed", "cancelled", "undoing", "undone"] as const;
export const Import = t.Object(
  {
    id: t.String({ examples: ["imp_01jd0000000000000000000000"] }),
    state: oneOf(states),
    format: oneOf(formats),
    conflict: oneOf(conflictPolicies),
    dryRun: t.Boolean(),
    progress: nullable(t.Number({ description: "From 0 to 1, while it goes on." })),
    bytes: t.Integer({ description: "Of the file, unpacked." }),
    rows: t.Object({
      read: t.Integer(),
      made: t.Integer(),
      changed: t.Integer(),
      skipped: t.Integer(),
      refused: t.Integer({ description: "See /imports/{import}/problems." }),
      undone: t.Integer(),
    }),
    jobId: t.String(),
    createdBy: t.String(),
    createdAt: Time,
    endedAt: nullable(Time),
  },
  { $id: "Import" },
);
export type Import = typeof Import.static;

export const Problem = t.Object({
  row: t.Integer({ description: "From 1; the head of a table is not counted." }),
  code: t.String(),
  path: t.String({ examples: ["/destinationUrl"] }),
  message: t.String(),
});
export type Problem = typeof Problem.static;

export type ImportRow = Tables["imports"]["$inferSelect"];
export const optionsOf = (row: ImportRow): ImportOptions => row.options as unknown as ImportOptions;

export function toImport(row: ImportRow, job: JobFacts): Import {
  const { conflict, dryRun } = optionsOf(row);
  const isOpen = row.state === "pending" || row.state === "undoing";
  const lost = isOpen && isLost(job);
  const running = row.state === "pending" && job.state === "running" ? "processing" : row.state;
  return {
    id: row.id,
    state: lost ? (job.state === "cancelled" ? "cancelled" : "failed") : running,
    format: row.format,
    conflict,
    dryRun,
    progress: isOpen && !lost && job.progress !== null ? job.progress / 1000 : null,
    bytes: row.bytes,
    rows: {
      read: row.rowsRead,
      made: row.rowsMade,
      changed: row.rowsChanged,
      skipped: row.rowsSkipped,
      refused: row.rowsRefused,
      undone: row.undone,
    },
    jobId: row.jobId,
    createdBy: row.createdBy,
    createdAt: isoOf(row.createdAt),
    endedAt: isoOrNull(row.endedAt),
  };
}
