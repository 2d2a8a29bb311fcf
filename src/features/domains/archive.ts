import { eq } from "drizzle-orm";
import type { Context } from "../../platform/context.ts";
import { change, Unchanged, withPrevious } from "../../platform/events.ts";
import { refuseLive } from "./domains.ts";
import { archivedDefault, sharedDomain } from "./errors.ts";
import { domainArchived, domainUnarchived } from "./events.ts";
import { findDomain } from "./find.ts";
import { type Domain, toDomain } from "./model.ts";
import { selectDefaultDomainId } from "./store.ts";

/** The domain goes on serving what it has, and no link comes to it any more. */
export const archiveDomain = (ctx: Context, idOrHost: string): Promise<Domain> => move(ctx, idOrHost, true);

export const unarchiveDomain = (ctx: Context, idOrHost: string): Promise<Domain> =>
  move(ctx, idOrHost, false);

const move = (ctx: Context, idOrHost: string, archived: boolean): Promise<Domain> =>
  change(ctx, async (tx) => {
    const before = await findDomain(tx, ctx, idOrHost);
    refuseLive(ctx, before);
    if (before.workspaceId === null) throw sharedDomain();
    const defaultId = await selectDefaultDomainId(tx, ctx);
    if ((before.archivedAt !== null) === archived) throw new Unchanged(toDomain(before, defaultId));
    if (archived && defaultId === before.id) throw archivedDefault();
    const set = { archivedAt: archived ? tx.now : null, updatedAt: tx.now };
    const { domains } = ctx.db.tables;
    await tx.update(domains).set(set).where(eq(domains.id, before.id));
    const domain = toDomain({ ...before, ...set }, defaultId);
    const event = archived ? domainArchived : domainUnarchived;
    tx.record(event, domain.id, withPrevious(toDomain(before, defaultId), domain));
    return domain;
  });
