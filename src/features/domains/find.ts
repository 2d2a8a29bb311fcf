import type { Tx } from "../../db/database.ts";
import { AppError, notFound } from "../../lib/errors.ts";
import type { Context } from "../../platform/context.ts";
import type { Page, PageRequest } from "../../platform/paging.ts";
import { archivedDomain } from "./errors.ts";
import { type Domain, type DomainRow, toDomain } from "./model.ts";
import {
  countDomains,
  selectDefaultDomain,
  selectDefaultDomainId,
  selectDomain,
  selectDomains,
} from "./store.ts";

/** Domains the workspace may use, oldest first: its own, and the installation's. */
export async function listDomains(
  ctx: Context,
  { limit, offset, after }: PageRequest,
): Promise<Page<Domain>> {
  const [rows, total, defaultId] = await Promise.all([
    selectDomains(ctx, { limit: limit + 1, offset, afterId: after?.id ?? null }),
    countDomains(ctx),
    selectDefaultDomainId(ctx.db.read, ctx),
  ]);
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  return {
    items: items.map((row) => toDomain(row, defaultId)),
    total,
    next: rows.length > limit && last ? { value: null, id: last.id } : null,
  };
}

export async function readDomain(ctx: Context, idOrHost: string): Promise<Domain> {
  const row = await findDomain(ctx.db.read, ctx, idOrHost);
  return toDomain(row, await selectDefaultDomainId(ctx.db.read, ctx));
}

/** A domain the workspace may use, by id or host. @throws AppError NOT_FOUND */
export async function findDomain(
  read: Pick<Tx, "select">,
  ctx: Context,
  idOrHost: string,
): Promise<DomainRow> {
  const row = await selectDomain(read, ctx, idOrHost.toLowerCase());
  if (!row) throw notFound("domain");
  return row;
}

/** Before a link comes to live on it. @throws AppError CONFLICT */
export function refuseArchived({ archivedAt }: Pick<DomainRow, "archivedAt">): void {
  if (archivedAt !== null) throw archivedDomain();
}

/** Where links of this workspace go that name no domain. */
export async function findDefaultDomain(read: Pick<Tx, "select">, ctx: Context): Promise<DomainRow> {
  const row = await selectDefaultDomain(read, ctx);
  if (!row) throw new AppError("CONFLICT", "There is no domain yet: add one with POST /api/v1/domains.");
  return row;
}
