import type { Id } from "../../lib/ids.ts";
import type { Context } from "../../platform/context.ts";
import { isoOf } from "../../platform/schema.ts";
import { eventsAfter } from "./find.ts";
import { type AuditEvent, type AuditFilter, toAuditEvent } from "./model.ts";

export type ExportFormat = "csv" | "jsonl";

/** Few, because SQLite reads them on the main thread and redirects wait meanwhile. */
const ROWS_PER_READ = 250;

/**
 * Everything that passes the filter, oldest first, as a file that is written while it is read: it takes no more memory
 * than a slice, waits for whoever is slow, and ends when they leave.
 */
export function exportAudit(ctx: Context, filter: AuditFilter, format: ExportFormat): Response {
  const { head, line, type } = formats[format];
  const encoder = new TextEncoder();
  let after: Id<"evt"> | null = null;
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      if (head !== "") controller.enqueue(encoder.encode(head));
    },
    async pull(controller) {
      const rows = await eventsAfter(ctx, filter, after, ROWS_PER_READ);
      after = rows.at(-1)?.id ?? after;
      if (rows.length > 0)
        controller.enqueue(encoder.encode(rows.map((row) => line(toAuditEvent(row))).join("")));
      if (rows.length < ROWS_PER_READ) controller.close();
    },
  });
  const name = `audit-${isoOf(ctx.at).slice(0, 10)}.${format}`;
  return new Response(body, {
    headers: { "content-type": type, "content-disposition": `attachment; filename="${name}"` },
  });
}

type Cell = (event: AuditEvent) => string | null;
const json = (value: unknown): string | null => (value === null ? null : JSON.stringify(value));
const columns: Readonly<Record<string, Cell>> = {
  id: ({ id }) => id,
  createdAt: ({ createdAt }) => createdAt,
  type: ({ type }) => type,
  workspaceId: ({ workspaceId }) => workspaceId,
  actorKind: ({ actor }) => actor.kind,
  actorId: ({ actor }) => actor.id,
  keyId: ({ keyId }) => keyId,
  subjectId: ({ subjectId }) => subjectId,
  requestId: ({ requestId }) => requestId,
  network: ({ network }) => network,
  userAgent: ({ userAgent }) => userAgent,
  erased: ({ erased }) => String(erased),
  sealed: ({ sealed }) => String(sealed),
  data: ({ data }) => json(data),
  previous: ({ previous }) => json(previous),
};

const formats: Readonly<
  Record<ExportFormat, { head: string; type: string; line(event: AuditEvent): string }>
> = {
  csv: {
    head: `${Object.keys(columns).join(",")}\r\n`,
    type: "text/csv; charset=utf-8; header=present",
    line: (event) =>
      `${Object.values(columns)
        .map((cell) => escaped(cell(event) ?? ""))
        .join(",")}\r\n`,
  },
  jsonl: { head: "", type: "application/x-ndjson", line: (event) => `${JSON.stringify(event)}\n` },
};

/** RFC 4180; and a cell that a spreadsheet would take for a formula begins with an apostrophe. */
function escaped(text: string): string {
  const inert = /^[=+\-@\t\r\0]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(inert) || inert !== text ? `"${inert.replaceAll('"', '""')}"` : inert;
}
