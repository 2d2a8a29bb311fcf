import { AppError } from "../../lib/errors.ts";
import type { Context } from "../../platform/context.ts";
import type { Job } from "../../platform/jobs/job.ts";
import { purgeLink } from "./archive.ts";
import { selectTrashBefore } from "./store.ts";
import { etagOf } from "./version.ts";

const AT_ONCE = 100;

/** Destroys links of every workspace that have been in the trash for longer than WAYPOST_TRASH_KEEP. */
export async function emptyTrash(
  ctx: Context,
  { signal, progress }: Pick<Job, "signal" | "progress">,
): Promise<number> {
  const before = ctx.clock.now() - ctx.config.WAYPOST_TRASH_KEEP;
  let destroyed = 0;
  /** The last one seen: those that cannot be destroyed are passed over, and come again an hour later. */
  let after = { deletedAt: 0, id: "" };
  for (;;) {
    const links = await selectTrashBefore(ctx, before, after, AT_ONCE);
    for (const link of links) {
      signal.throwIfAborted();
      const owner = { ...ctx, actor: { ...ctx.actor, workspaceId: link.workspaceId } };
      // Whoever takes a link out of the trash in this very moment has changed its version.
      if (await purged(owner, link)) destroyed++;
    }
    const last = links.at(-1);
    if (!last || links.length < AT_ONCE) return destroyed;
    after = { deletedAt: last.deletedAt!, id: last.id };
    progress(0, `${destroyed} links destroyed`);
  }
}

async function purged(ctx: Context, link: { id: string; version: number }): Promise<boolean> {
  try {
    await purgeLink(ctx, { link: link.id }, etagOf(link));
    return true;
  } catch (error) {
    if (error instanceof AppError && ["PRECONDITION_FAILED", "NOT_FOUND"].includes(error.code)) return false;
    throw error;
  }
}
