import { and, eq } from "drizzle-orm";
import type { SuppressionReason } from "../../db/schema/mail.ts";
import type { Context } from "../context.ts";
import type { Change } from "../events.ts";
import { suppressionAdded, suppressionRemoved } from "./events.ts";

const DETAIL_MAX = 500;

/** Ends what can be unsubscribed for an address: one topic, or all with `""`. False when that was so before. */
export async function suppress(
  tx: Change,
  ctx: Context,
  addressKey: string,
  topic: string,
  reason: SuppressionReason,
  detail: string,
): Promise<boolean> {
  const { mailSuppressions } = ctx.db.tables;
  const row = { addressKey, topic, reason, detail: detail.slice(0, DETAIL_MAX), createdAt: tx.now };
  const [added] = await tx
    .insert(mailSuppressions)
    .values(row)
    .onConflictDoNothing()
    .returning({ topic: mailSuppressions.topic });
  if (added) tx.record(suppressionAdded, "mail_suppression", { topic, reason }, null);
  return added !== undefined;
}

/** Lets an address be written to again. False when it could be all along. */
export async function unsuppress(
  tx: Change,
  ctx: Context,
  addressKey: string,
  topic: string,
): Promise<boolean> {
  const { mailSuppressions: list } = ctx.db.tables;
  const [gone] = await tx
    .delete(list)
    .where(and(eq(list.addressKey, addressKey), eq(list.topic, topic)))
    .returning({ reason: list.reason });
  if (gone) tx.record(suppressionRemoved, "mail_suppression", { topic, reason: gone.reason }, null);
  return gone !== undefined;
}
