import { open, rename } from "node:fs/promises";
import { eq } from "drizzle-orm";
import { openBreath } from "../../lib/breath.ts";
import type { Context } from "../../platform/context.ts";
import { change, withPrevious } from "../../platform/events.ts";
import { GivenUp } from "../../platform/jobs/failure.ts";
import type { Job } from "../../platform/jobs/job.ts";
import type { LinkFilter } from "../links/filter.ts";
import { countLinks, walkLinks } from "../links/list.ts";
import type { Link } from "../links/model.ts";
import { exportCompleted } from "./events.ts";
import { shapes } from "./export-file.ts";
import { type ExportRow, toExport } from "./export-model.ts";
import { findExport, noJob } from "./export-store.ts";
import { fileOf, removeFile } from "./folder.ts";

/** Few, because SQLite reads them on the main thread and redirects wait meanwhile. */
const LINKS_AT_ONCE = 100;

/** Writes the file, from the beginning each time it is tried. */
export async function makeExport(
  ctx: Context,
  id: string,
  { signal, progress }: Pick<Job, "signal" | "progress">,
) {
  const { exports } = ctx.db.tables;
  const found = await findExport(ctx.db.read, ctx, id).catch(() => null);
  if (!found || found.row.state === "completed") return;
  const { row } = found;
  const path = fileOf(ctx, row.id);
  const { rows, bytes } = await write(ctx, row, `${path}.part`, signal, progress);
  await rename(`${path}.part`, path);
  const expiresAt = ctx.clock.now() + ctx.config.WAYPOST_EXPORTS_KEEP;
  await change(ctx, async (tx) => {
    const before = await findExport(tx, ctx, row.id).catch(() => null);
    if (!before) throw new GivenUp("the export was deleted meanwhile");
    const after: ExportRow = {
      ...before.row,
      state: "completed",
      rows,
      bytes,
      completedAt: tx.now,
      expiresAt,
    };
    await tx.update(exports).set(after).where(eq(exports.id, row.id));
    tx.record(
      exportCompleted,
      row.id,
      withPrevious(toExport(before.row, noJob, tx.now), toExport(after, noJob, tx.now)),
    );
  }).catch(async (error: unknown) => {
    await removeFile(ctx, row.id);
    throw error;
  });
}

async function write(
  ctx: Context,
  { format, filters, columns: named }: ExportRow,
  path: string,
  signal: AbortSignal,
  progress: Job["progress"],
): Promise<{ rows: number; bytes: number }> {
  const shape = shapes[format];
  const columns = named as (keyof Link & string)[];
  const total = Math.max(1, (await countLinks(ctx, filters as LinkFilter)).total);
  const breathe = openBreath();
  const file = await open(path, "w", 0o600);
  try {
    let [rows, bytes] = [0, 0];
    const put = async (text: string) => {
      bytes += (await file.write(Buffer.from(text))).bytesWritten;
    };
    await put(shape.head(columns));
    for await (const links of walkLinks(ctx, filters as LinkFilter, LINKS_AT_ONCE)) {
      signal.throwIfAborted();
      await put(links.map((link, i) => shape.link(link, columns, rows + i === 0)).join(""));
      rows += links.length;
      progress(Math.min(1, rows / total), `${rows} links`);
      await breathe();
    }
    await put(shape.tail);
    await file.sync();
    return { rows, bytes };
  } finally {
    await file.close();
  }
}
