import { eq } from "drizzle-orm";
import type { Tx } from "../../db/database.ts";
import type { Id } from "../../lib/ids.ts";
import type { Context } from "../../platform/context.ts";
import { change, withPrevious } from "../../platform/events.ts";
import { isoOrNull } from "../../platform/schema.ts";
import { refuseLive } from "./domains.ts";
import { sharedDomain } from "./errors.ts";
import { domainFilesUpdated } from "./events.ts";
import { checkFile, fileNames } from "./file-formats.ts";
import { findDomain } from "./find.ts";
import type { DomainFiles, DomainFilesPatch, DomainRow } from "./model.ts";

type FilesRow = Context["db"]["tables"]["domainFiles"]["$inferSelect"];
type Texts = Pick<FilesRow, "appleAppSiteAssociation" | "assetLinks" | "robots">;

/** What programs are told on the domain. */
export async function readFiles(ctx: Context, idOrHost: string): Promise<DomainFiles> {
  const domain = await findDomain(ctx.db.read, ctx, idOrHost);
  return shown(domain, await selectFiles(ctx.db.read, ctx, domain.id));
}

/** @throws AppError VALIDATION_ERROR naming the file that is none of its kind */
export async function updateFiles(
  ctx: Context,
  idOrHost: string,
  patch: DomainFilesPatch,
): Promise<DomainFiles> {
  for (const name of fileNames) {
    const text = patch[name];
    if (text) checkFile(name, text);
  }
  return change(ctx, async (tx) => {
    const domain = await findDomain(tx, ctx, idOrHost);
    refuseLive(ctx, domain);
    if (domain.workspaceId === null) throw sharedDomain();
    const before = await selectFiles(tx, ctx, domain.id);
    const texts: Texts = { ...NONE, ...textsOf(before), ...patch };
    const after: FilesRow = { ...texts, domainId: domain.id, updatedAt: tx.now };
    const { domainFiles } = ctx.db.tables;
    const { domainId: _, ...set } = after;
    if (before) await tx.update(domainFiles).set(set).where(eq(domainFiles.domainId, domain.id));
    else await tx.insert(domainFiles).values(after);
    const files = shown(domain, after);
    tx.record(domainFilesUpdated, domain.id, withPrevious(shown(domain, before), files));
    return files;
  });
}

const NONE: Texts = { appleAppSiteAssociation: null, assetLinks: null, robots: null };

const textsOf = (row: FilesRow | undefined): Texts | undefined =>
  row && {
    appleAppSiteAssociation: row.appleAppSiteAssociation,
    assetLinks: row.assetLinks,
    robots: row.robots,
  };

async function selectFiles(
  read: Pick<Tx, "select">,
  ctx: Context,
  id: Id<"dom">,
): Promise<FilesRow | undefined> {
  const { domainFiles } = ctx.db.tables;
  const [row] = await read.select().from(domainFiles).where(eq(domainFiles.domainId, id)).limit(1);
  return row;
}

const shown = ({ id, host }: DomainRow, row: FilesRow | undefined): DomainFiles => ({
  domainId: id,
  host,
  ...NONE,
  ...textsOf(row),
  updatedAt: isoOrNull(row?.updatedAt ?? null),
});
