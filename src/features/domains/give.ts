import { eq } from "drizzle-orm";
import { type Context, workspaceOf } from "../../platform/context.ts";
import type { Change } from "../../platform/events.ts";
import { domainTransferred } from "./events.ts";
import { type Domain, type DomainRow, toDomain } from "./model.ts";
import { selectDefaultDomainId, updateDefaultDomainId } from "./store.ts";

/** The row alone, inside a change that gives the links on it too. Both workspaces are told. */
export async function giveDomain(
  tx: Change,
  ctx: Context,
  there: Context,
  before: DomainRow,
  links: number,
): Promise<Domain> {
  const { id } = before;
  const defaultId = await selectDefaultDomainId(tx, ctx);
  if (defaultId === id) await updateDefaultDomainId(tx, ctx, null);
  const set = { workspaceId: workspaceOf(there), updatedAt: tx.now };
  const { domains } = ctx.db.tables;
  await tx.update(domains).set(set).where(eq(domains.id, id));
  const domain = toDomain({ ...before, ...set }, await selectDefaultDomainId(tx, there));
  const facts = { fromWorkspaceId: workspaceOf(ctx), toWorkspaceId: set.workspaceId, links };
  tx.record(domainTransferred, id, { ...toDomain(before, defaultId), ...facts });
  tx.record(domainTransferred, id, { ...domain, ...facts }, set.workspaceId);
  return domain;
}
