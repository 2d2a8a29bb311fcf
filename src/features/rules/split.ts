import { invalid, notFound } from "../../lib/errors.ts";
import { newId } from "../../lib/ids.ts";
import { type Context, workspaceOf } from "../../platform/context.ts";
import { type Change, change, Unchanged, withPrevious } from "../../platform/events.ts";
import { momentOf, plainName } from "../../platform/schema.ts";
import type { LinkName } from "../links/find.ts";
import { ruleDestination } from "./create.ts";
import { finishedAlready } from "./errors.ts";
import { splitCreated, splitDeleted, splitFinished, splitUpdated } from "./events.ts";
import { findRule } from "./find.ts";
import { type Home, homeOfLink, homeToChange } from "./home.ts";
import { publish } from "./publish.ts";
import {
  type Finish,
  type NewSplit,
  type Split,
  type SplitCore,
  type SplitRow,
  toSplitCore,
  type VariantRow,
} from "./split-model.ts";
import { withResults } from "./split-results.ts";
import { deleteSplitRow, type Reader, selectSplit, storeSplit } from "./store.ts";

/** Whose visitors are shared out: a link's, or those of one of its rules. */
export interface SplitName extends LinkName {
  readonly rule?: string | undefined;
}

export async function readSplit(ctx: Context, name: SplitName): Promise<Split> {
  const { read } = ctx.db;
  const home = await homeOfLink(read, ctx, name);
  return withResults(ctx, toSplitCore(await findSplit(read, ctx, home, name), home.place));
}

/**
 * Shares the visitors out anew. Variants keep their ids, and so their numbers, where their destination stays. A split
 * that was finished begins again.
 */
export async function setSplit(ctx: Context, name: SplitName, input: NewSplit): Promise<Split> {
  if (input.winnerBy === "conversions")
    throw invalid("/winnerBy", "winnerBy conversions needs conversions, which are not recorded yet");
  const core = await change(ctx, async (tx): Promise<SplitCore> => {
    const seen = await homeOfLink(tx, ctx, name);
    const before = await selectSplit(tx, ctx, await parentOf(tx, ctx, seen, name));
    const row = await rowAfter(tx, ctx, seen, name, before, input);
    if (before && Bun.deepEquals({ ...row, version: before.version, updatedAt: before.updatedAt }, before))
      throw new Unchanged(toSplitCore(before, seen.place));
    const home = await homeToChange(tx, ctx, name);
    await storeSplit(tx, ctx, row);
    await publish(tx, ctx, home);
    const after = toSplitCore(row, home.place);
    if (before) tx.record(splitUpdated, row.parentId, withPrevious(toSplitCore(before, home.place), after));
    else tx.record(splitCreated, row.parentId, after);
    return after;
  });
  return withResults(ctx, core);
}

async function rowAfter(
  tx: Change,
  ctx: Context,
  home: Home,
  name: SplitName,
  before: SplitRow | undefined,
  input: NewSplit,
): Promise<SplitRow> {
  const parentId = await parentOf(tx, ctx, home, name);
  const finishesAt = input.finishesAt ? momentOf("/finishesAt", input.finishesAt) : null;
  if (finishesAt !== null && finishesAt <= tx.now && finishesAt !== before?.finishesAt)
    throw invalid("/finishesAt", "finishesAt lies in the past");
  return {
    parentId,
    workspaceId: workspaceOf(ctx),
    linkId: home.linkId,
    ruleId: parentId === home.linkId ? null : (parentId as SplitRow["ruleId"]),
    variants: await variantsAfter(tx, ctx, before?.variants ?? [], input),
    winnerBy: input.winnerBy ?? "clicks",
    finishesAt,
    finishedAt: null,
    winnerId: null,
    version: (before?.version ?? 0) + 1,
    createdBy: before?.createdBy ?? ctx.actor.id,
    createdAt: before?.createdAt ?? tx.now,
    updatedAt: tx.now,
  };
}

async function variantsAfter(
  tx: Change,
  ctx: Context,
  before: readonly VariantRow[],
  { variants }: NewSplit,
): Promise<VariantRow[]> {
  const left = [...before];
  const after: VariantRow[] = [];
  for (const [i, { name, destinationUrl, weight = 1 }] of variants.entries()) {
    const href = await ruleDestination(tx, ctx, `/variants/${i}/destinationUrl`, destinationUrl);
    const same = left.findIndex((one) => one.destinationUrl === href);
    const [kept] = same < 0 ? [] : left.splice(same, 1);
    after.push({
      id: kept?.id ?? newId("var", tx.now),
      name: name === undefined ? (kept?.name ?? String.fromCharCode(65 + i)) : plainName(name),
      destinationUrl: href,
      weight,
    });
  }
  return after;
}

/** Ends the split: from now on everybody goes to the winner, by name or by the numbers. */
export async function finishSplit(ctx: Context, name: SplitName, { winner }: Finish): Promise<Split> {
  const { leader, variants } = await readSplit(ctx, name);
  // Asked of the clicks beforehand: work in a change touches nothing but the database.
  const chosen = winner ?? leader ?? variants[0]!.id;
  if (!variants.some(({ id }) => id === chosen))
    throw invalid("/winner", "winner is no variant of this split");
  const core = await change(ctx, async (tx) => {
    const seen = await homeOfLink(tx, ctx, name);
    const before = await findSplit(tx, ctx, seen, name);
    if (before.finishedAt !== null) throw finishedAlready();
    if (!before.variants.some(({ id }) => id === chosen))
      throw invalid("/winner", "winner is no variant of this split");
    const home = await homeToChange(tx, ctx, name);
    const row = {
      ...before,
      finishedAt: tx.now,
      winnerId: chosen,
      version: before.version + 1,
      updatedAt: tx.now,
    };
    await storeSplit(tx, ctx, row);
    await publish(tx, ctx, home);
    const after = toSplitCore(row, home.place);
    tx.record(splitFinished, row.parentId, withPrevious(toSplitCore(before, home.place), after));
    return after;
  });
  return withResults(ctx, core);
}

export async function deleteSplit(ctx: Context, name: SplitName): Promise<Split> {
  const core = await change(ctx, async (tx) => {
    const home = await homeToChange(tx, ctx, name);
    const row = await findSplit(tx, ctx, home, name);
    await deleteSplitRow(tx, ctx, row);
    await publish(tx, ctx, home);
    const gone = toSplitCore(row, home.place);
    tx.record(splitDeleted, row.parentId, gone);
    return gone;
  });
  return withResults(ctx, core);
}

async function findSplit(read: Reader, ctx: Context, home: Home, name: SplitName): Promise<SplitRow> {
  const row = await selectSplit(read, ctx, await parentOf(read, ctx, home, name));
  if (!row) throw notFound("split");
  return row;
}

const parentOf = async (
  read: Reader,
  ctx: Context,
  home: Home,
  { rule, ...link }: SplitName,
): Promise<SplitRow["parentId"]> =>
  rule === undefined ? home.linkId! : (await findRule(read, ctx, { rule, ...link })).id;
