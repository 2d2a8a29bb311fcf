import { and, count, eq, type SQL, sql } from "drizzle-orm";
import { notFound } from "../../lib/errors.ts";
import { addressKey } from "../../lib/mailbox.ts";
import type { Context } from "../../platform/context.ts";
import { change, Unchanged } from "../../platform/events.ts";
import { suppress, unsuppress } from "../../platform/mail/suppressions.ts";
import { afterPlace, type Page, type PageRequest } from "../../platform/paging.ts";
import { isoOf } from "../../platform/schema.ts";
import type { NewSuppression, Suppression } from "./model.ts";

/** Who gets no mail that can be unsubscribed, by address. */
export async function listSuppressions(
  ctx: Context,
  { limit, offset, after }: PageRequest,
): Promise<Page<Suppression>> {
  const { mailSuppressions: list } = ctx.db.tables;
  const [counted] = await ctx.db.read.select({ total: count() }).from(list);
  const rows = await ctx.db.read
    .select()
    .from(list)
    .where(after ? afterPlace(sql`${list.addressKey}`, list.topic, "asc", after) : undefined)
    .orderBy(list.addressKey, list.topic)
    .limit(limit + 1)
    .offset(offset);
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  return {
    items: items.map(toSuppression),
    total: counted?.total ?? 0,
    next: rows.length > limit && last ? { value: last.addressKey, id: last.topic } : null,
  };
}

export const addSuppression = (ctx: Context, input: NewSuppression): Promise<Suppression> => {
  const { topic = "", reason = "manual", detail = "" } = input;
  const key = addressKey(input.address);
  return change(ctx, async (tx) => {
    const added = await suppress(tx, ctx, key, topic, reason, detail);
    const [row] = await tx
      .select()
      .from(ctx.db.tables.mailSuppressions)
      .where(is(ctx, key, topic))
      .limit(1);
    if (!added) throw new Unchanged(toSuppression(row!));
    return toSuppression(row!);
  });
};

export const removeSuppression = (ctx: Context, address: string, topic: string): Promise<void> =>
  change(ctx, async (tx) => {
    if (!(await unsuppress(tx, ctx, addressKey(address), topic))) throw notFound("suppression");
  });

/** The reader's own wish. Done before: nothing changes. */
export const unsubscribe = (ctx: Context, key: string, topic: string): Promise<void> =>
  change(ctx, async (tx) => {
    if (!(await suppress(tx, ctx, key, topic, "unsubscribed", ""))) throw new Unchanged(undefined);
  });

const is = (ctx: Context, key: string, topic: string): SQL | undefined => {
  const { mailSuppressions: list } = ctx.db.tables;
  return and(eq(list.addressKey, key), eq(list.topic, topic));
};

const toSuppression = ({
  addressKey: address,
  topic,
  reason,
  detail,
  createdAt,
}: Context["db"]["tables"]["mailSuppressions"]["$inferSelect"]): Suppression => ({
  address,
  topic,
  reason,
  detail,
  createdAt: isoOf(createdAt),
});
