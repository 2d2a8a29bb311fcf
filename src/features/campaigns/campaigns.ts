import { count, eq } from "drizzle-orm";
import { uniqueViolation } from "../../db/errors.ts";
import type { CampaignStatus } from "../../db/schema/organise.ts";
import { AppError, invalid, notFound } from "../../lib/errors.ts";
import { type Id, isId, newId } from "../../lib/ids.ts";
import { type Context, workspaceOf } from "../../platform/context.ts";
import { change, Unchanged, withPrevious } from "../../platform/events.ts";
import type { Page, PageRequest } from "../../platform/paging.ts";
import { campaignCreated, campaignDeleted, campaignUpdated } from "./events.ts";
import {
  type Campaign,
  type CampaignPatch,
  type CampaignRow,
  campaignNamed,
  type NewCampaign,
  toCampaignCore,
} from "./model.ts";
import { millionthsOf } from "./money.ts";
import {
  countLinks,
  hasLinks,
  mine,
  type Reader,
  selectCampaign,
  selectContaining,
  selectPage,
} from "./store.ts";

const CAMPAIGNS_MAX = 10_000;
const PER_CENT_MAX = millionthsOf("100");

export async function listCampaigns(
  ctx: Context,
  status: CampaignStatus | "any" | undefined,
  request: PageRequest,
): Promise<Page<Campaign>> {
  const { rows, total } = await selectPage(ctx, status, request);
  const items = rows.slice(0, request.limit);
  const last = items.at(-1);
  return {
    items: await counted(ctx.db.read, ctx, items),
    total,
    next: rows.length > request.limit && last ? { value: null, id: last.id } : null,
  };
}

/** Those with a text in their name. */
export const searchCampaigns = async (ctx: Context, text: string, limit: number): Promise<Campaign[]> =>
  counted(ctx.db.read, ctx, await selectContaining(ctx, campaignNamed(text).nameKey, limit));

export async function readCampaign(ctx: Context, id: string): Promise<Campaign> {
  const [campaign] = await counted(ctx.db.read, ctx, [await findCampaign(ctx.db.read, ctx, id)]);
  return campaign!;
}

export const createCampaign = (ctx: Context, input: NewCampaign): Promise<Campaign> =>
  unlessTaken(
    change(ctx, async (tx) => {
      const { campaigns } = ctx.db.tables;
      const [all] = await tx.select({ total: count() }).from(campaigns).where(mine(ctx));
      if ((all?.total ?? 0) >= CAMPAIGNS_MAX)
        throw new AppError("CONFLICT", `A workspace has at most ${CAMPAIGNS_MAX} campaigns.`);
      const row = patched(
        {
          id: newId("camp", tx.now),
          workspaceId: workspaceOf(ctx),
          ...campaignNamed(input.name),
          description: null,
          status: "active",
          costModel: null,
          costAmount: null,
          currency: null,
          dailyBudget: null,
          totalBudget: null,
          thresholds: [],
          goals: [],
          createdBy: ctx.actor.id,
          createdAt: tx.now,
          updatedAt: tx.now,
        },
        input,
      );
      await tx.insert(campaigns).values(row);
      tx.record(campaignCreated, row.id, toCampaignCore(row));
      return { ...toCampaignCore(row), links: 0 };
    }),
  );

/** Changes what the patch names; null clears. */
export const updateCampaign = (ctx: Context, id: string, patch: CampaignPatch): Promise<Campaign> =>
  unlessTaken(
    change(ctx, async (tx) => {
      const before = await findCampaign(tx, ctx, id);
      const after = patched(before, patch);
      if (JSON.stringify(after) === JSON.stringify(before))
        throw new Unchanged((await counted(tx, ctx, [before]))[0]!);
      const row = { ...after, updatedAt: tx.now };
      const { campaigns } = ctx.db.tables;
      await tx.update(campaigns).set(row).where(eq(campaigns.id, row.id));
      tx.record(campaignUpdated, row.id, withPrevious(toCampaignCore(before), toCampaignCore(row)));
      return (await counted(tx, ctx, [row]))[0]!;
    }),
  );

/** Ends a campaign without links; one that had some is archived. */
export const deleteCampaign = (ctx: Context, id: string): Promise<Campaign> =>
  change(ctx, async (tx) => {
    const row = await findCampaign(tx, ctx, id);
    if (await hasLinks(tx, ctx, row.id))
      throw new AppError(
        "CONFLICT",
        "There are links in this campaign, the trash included. Archive it, or take them out first.",
      );
    const { campaigns } = ctx.db.tables;
    await tx.delete(campaigns).where(eq(campaigns.id, row.id));
    tx.record(campaignDeleted, row.id, toCampaignCore(row));
    return { ...toCampaignCore(row), links: 0 };
  });

/** The campaign a link is to belong to. @throws AppError VALIDATION_ERROR when it takes none */
export async function campaignFor(read: Reader, ctx: Context, id: string | null): Promise<Id<"camp"> | null> {
  if (id === null) return null;
  const row = await findCampaign(read, ctx, id).catch((error: unknown) => {
    if (!(error instanceof AppError)) throw error;
    throw invalid("/campaignId", "campaignId is not a campaign of this workspace");
  });
  if (row.status === "archived")
    throw invalid("/campaignId", "campaignId is an archived campaign: it takes no more links");
  return row.id;
}

/** @throws AppError NOT_FOUND, for campaigns of other workspaces too */
export async function findCampaign(read: Reader, ctx: Context, id: string): Promise<CampaignRow> {
  const row = isId("camp", id) ? await selectCampaign(read, ctx, id) : undefined;
  if (!row) throw notFound("campaign");
  return row;
}

function patched(before: CampaignRow, patch: CampaignPatch): CampaignRow {
  const amount = (name: "costAmount" | "dailyBudget" | "totalBudget"): number | null => {
    const text = patch[name];
    return text === undefined ? before[name] : text === null ? null : millionthsOf(text);
  };
  const row: CampaignRow = {
    ...before,
    ...(patch.name === undefined ? {} : campaignNamed(patch.name)),
    description: patch.description === undefined ? before.description : patch.description,
    status: patch.status ?? before.status,
    costModel: patch.costModel === undefined ? before.costModel : patch.costModel,
    costAmount: amount("costAmount"),
    currency: patch.currency === undefined ? before.currency : patch.currency,
    dailyBudget: amount("dailyBudget"),
    totalBudget: amount("totalBudget"),
    thresholds: patch.thresholds?.toSorted((a, b) => a - b) ?? before.thresholds,
    goals: patch.goals?.map(({ name, metric, target }) => ({ name, metric, target })) ?? before.goals,
  };
  checkWhole(row);
  return row;
}

/** What no field shows alone. @throws AppError VALIDATION_ERROR naming the field to mend */
function checkWhole(row: CampaignRow): void {
  const { costModel, costAmount, currency, dailyBudget, totalBudget, goals } = row;
  if (currency !== null && !Intl.supportedValuesOf("currency").includes(currency))
    throw invalid("/currency", "currency is not a currency of ISO 4217");
  if (costAmount !== null && costModel === null)
    throw invalid("/costModel", "costModel is needed to say what costAmount is paid for");
  if (costModel === "revshare" && (costAmount ?? 0) > PER_CENT_MAX)
    throw invalid("/costAmount", "costAmount of revshare is per cent: 100 at most");
  const hasMoney =
    dailyBudget !== null ||
    totalBudget !== null ||
    (costAmount !== null && costModel !== "revshare") ||
    goals.some(({ metric }) => metric === "revenue");
  if (hasMoney && currency === null) throw invalid("/currency", "currency is needed where there are amounts");
  if (dailyBudget !== null && totalBudget !== null && dailyBudget > totalBudget)
    throw invalid("/dailyBudget", "dailyBudget is more than totalBudget");
}

async function counted(read: Reader, ctx: Context, rows: readonly CampaignRow[]): Promise<Campaign[]> {
  const links = await countLinks(
    read,
    ctx,
    rows.map(({ id }) => id),
  );
  return rows.map((row) => ({ ...toCampaignCore(row), links: links.get(row.id) ?? 0 }));
}

const unlessTaken = (work: Promise<Campaign>): Promise<Campaign> =>
  work.catch((error: unknown) => {
    if (uniqueViolation(error) !== "campaigns_name") throw error;
    throw new AppError("CONFLICT", "Another campaign has this name.", {
      details: [{ path: "/name", message: "name is taken" }],
      cause: error,
    });
  });
