import { and, asc, eq, gt, isNull, or } from "drizzle-orm";
import type { Tx } from "../../db/database.ts";
import type { Id } from "../../lib/ids.ts";
import { type Context, workspaceOf } from "../../platform/context.ts";
import type { LogoRow, TemplateRow } from "./model.ts";

export type Reader = Pick<Tx, "select" | "$count">;

const ofMine = (ctx: Context) => eq(ctx.db.tables.qrTemplates.workspaceId, workspaceOf(ctx));

export async function selectTemplate(
  read: Reader,
  ctx: Context,
  id: Id<"qr">,
): Promise<TemplateRow | undefined> {
  const { qrTemplates } = ctx.db.tables;
  const [row] = await read
    .select()
    .from(qrTemplates)
    .where(and(ofMine(ctx), eq(qrTemplates.id, id)))
    .limit(1);
  return row;
}

export async function selectDefaultTemplate(read: Reader, ctx: Context): Promise<TemplateRow | undefined> {
  const { qrTemplates } = ctx.db.tables;
  const [row] = await read
    .select()
    .from(qrTemplates)
    .where(and(ofMine(ctx), eq(qrTemplates.isDefault, true)))
    .limit(1);
  return row;
}

/** Oldest first. */
export async function selectTemplates(
  ctx: Context,
  { limit, offset, after }: { limit: number; offset: number; after: string | null },
): Promise<TemplateRow[]> {
  const { qrTemplates } = ctx.db.tables;
  return ctx.db.read
    .select()
    .from(qrTemplates)
    .where(and(ofMine(ctx), after === null ? undefined : gt(qrTemplates.id, after as Id<"qr">)))
    .orderBy(asc(qrTemplates.id))
    .limit(limit)
    .offset(offset);
}

export const countTemplates = (read: Reader, ctx: Context): Promise<number> =>
  read.$count(ctx.db.tables.qrTemplates, ofMine(ctx));

export async function insertTemplate(tx: Tx, ctx: Context, row: TemplateRow): Promise<void> {
  await tx.insert(ctx.db.tables.qrTemplates).values(row);
}

export async function updateTemplateRow(tx: Tx, ctx: Context, row: TemplateRow): Promise<void> {
  const { qrTemplates } = ctx.db.tables;
  await tx
    .update(qrTemplates)
    .set(row)
    .where(and(ofMine(ctx), eq(qrTemplates.id, row.id)));
}

export async function deleteTemplateRow(tx: Tx, ctx: Context, id: Id<"qr">): Promise<void> {
  const { qrTemplates } = ctx.db.tables;
  await tx.delete(qrTemplates).where(and(ofMine(ctx), eq(qrTemplates.id, id)));
}

/** The logo of a domain, or with null the workspace's. */
export async function selectLogo(
  read: Reader,
  ctx: Context,
  domainId: Id<"dom"> | null,
): Promise<LogoRow | undefined> {
  const { qrLogos } = ctx.db.tables;
  const there = domainId === null ? isNull(qrLogos.domainId) : eq(qrLogos.domainId, domainId);
  const [row] = await read
    .select()
    .from(qrLogos)
    .where(and(eq(qrLogos.workspaceId, workspaceOf(ctx)), there))
    .limit(1);
  return row;
}

/** The logos of these domains, and the workspace's. */
export async function selectLogos(ctx: Context, domainIds: readonly Id<"dom">[]): Promise<LogoRow[]> {
  const { qrLogos } = ctx.db.tables;
  return ctx.db.read
    .select()
    .from(qrLogos)
    .where(
      and(
        eq(qrLogos.workspaceId, workspaceOf(ctx)),
        or(isNull(qrLogos.domainId), ...domainIds.map((id) => eq(qrLogos.domainId, id))),
      ),
    );
}

export async function insertLogo(tx: Tx, ctx: Context, row: LogoRow): Promise<void> {
  await tx.insert(ctx.db.tables.qrLogos).values(row);
}

export async function updateLogo(tx: Tx, ctx: Context, row: LogoRow): Promise<void> {
  const { qrLogos } = ctx.db.tables;
  await tx.update(qrLogos).set(row).where(mineLogo(ctx, row.id));
}

export async function deleteLogoRow(tx: Tx, ctx: Context, id: Id<"logo">): Promise<void> {
  await tx.delete(ctx.db.tables.qrLogos).where(mineLogo(ctx, id));
}

const mineLogo = (ctx: Context, id: Id<"logo">) => {
  const { qrLogos } = ctx.db.tables;
  return and(eq(qrLogos.workspaceId, workspaceOf(ctx)), eq(qrLogos.id, id));
};
