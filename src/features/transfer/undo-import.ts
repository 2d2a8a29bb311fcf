import { and, asc, eq, gt } from "drizzle-orm";
import type { Id } from "../../lib/ids.ts";
import type { Context } from "../../platform/context.ts";
import { change, Unchanged, withPrevious } from "../../platform/events.ts";
import type { Job } from "../../platform/jobs/job.ts";
import { takeBackLinks } from "../links/take-back.ts";
import { importUndone } from "./events.ts";
import { noJob } from "./export-store.ts";
import { toImport } from "./import-model.ts";
import { findImport } from "./import-store.ts";

const LINKS_AT_ONCE = 100;

/** Takes back what an import did. What is so already stays as it is, so that it may be run again. */
export async function runUndo(
  ctx: Context,
  id: string,
  { signal, progress }: Pick<Job, "signal" | "progress">,
) {
  const found = await findImport(ctx.db.read, ctx, id).catch(() => null);
  if (found?.row.state !== "undoing") return;
  const { row } = found;
  const { importLinks, imports } = ctx.db.tables;
  const total = Math.max(1, row.rowsMade + row.rowsChanged);
  let undone = 0;
  let after = "" as Id<"link">;
  for (;;) {
    signal.throwIfAborted();
    const some = await ctx.db.read
      .select({ linkId: importLinks.linkId, before: importLinks.before })
      .from(importLinks)
      .where(and(eq(importLinks.importId, row.id), gt(importLinks.linkId, after)))
      .orderBy(asc(importLinks.linkId))
      .limit(LINKS_AT_ONCE);
    const last = some.at(-1);
    if (!last) break;
    await takeBack(ctx, some);
    after = last.linkId;
    undone += some.length;
    progress(Math.min(1, undone / total), `${undone} links`);
  }
  await change(ctx, async (tx) => {
    const { row: now } = await findImport(tx, ctx, id);
    const end = { ...now, state: "undone" as const, undone, endedAt: tx.now };
    await tx.update(imports).set(end).where(eq(imports.id, row.id));
    tx.record(importUndone, row.id, withPrevious(toImport(now, noJob), toImport(end, noJob)));
  });
}

const takeBack = (ctx: Context, some: Parameters<typeof takeBackLinks>[2]): Promise<void> =>
  change(ctx, async (tx) => {
    if (!(await takeBackLinks(tx, ctx, some))) throw new Unchanged(undefined);
  });
