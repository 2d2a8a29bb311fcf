import type { Dimension, Granularity, Question } from "../../clicks/store.ts";
import { invalid } from "../../lib/errors.ts";
import type { Id } from "../../lib/ids.ts";
import { type Context, workspaceOf } from "../../platform/context.ts";
import { isoOf, isoOrNull, momentOf } from "../../platform/schema.ts";
import { findDomain } from "../domains/find.ts";
import { findLink } from "../links/find.ts";
import { hiddenLinks } from "../links/hidden.ts";
import { lastClicked } from "../links/last-clicked.ts";
import { readWorkspace } from "../workspaces/workspaces.ts";
import type { Overview, Quality } from "./model.ts";

export interface Asked {
  readonly link?: string | undefined;
  readonly domain?: string | undefined;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly timezone?: string | undefined;
}

const DAY_MS = 86_400_000;
const DAYS = 30;
const BUCKETS_MAX = 2000;
const ROWS_MAX = 100;
const QUALITY_DAYS_MAX = 366;
const bucketMs: Record<Granularity, number> = { hour: 3_600_000, day: DAY_MS, month: 28 * DAY_MS };

/** The numbers of a link or a workspace over a time. */
export async function overview(ctx: Context, asked: Asked): Promise<Overview> {
  const question = await questionOf(ctx, asked);
  const { link, domain } = question.where;
  const [all, outcomes, verdicts, last] = await Promise.all([
    ctx.clicks.query(question),
    ctx.clicks.query({ ...question, groupBy: "outcome", orderBy: "all", limit: ROWS_MAX }),
    ctx.clicks.query({ ...question, groupBy: "verdict", orderBy: "all", limit: ROWS_MAX }),
    link
      ? ctx.clicks.totals(link).then(([totals]) => totals?.lastClickedAt ?? null)
      : lastClicked(ctx, domain?.[0] as Id<"dom"> | undefined),
  ]);
  const { clicks = 0, uniqueClicks = 0, botClicks = 0, all: every = 0 } = all.rows[0] ?? {};
  return {
    from: isoOf(question.from),
    to: isoOf(question.to),
    timezone: question.timezone,
    clicks,
    uniqueClicks,
    botClicks,
    all: every,
    lastClickedAt: isoOrNull(last),
    outcomes: outcomes.rows.map(named),
    verdicts: verdicts.rows.map(named),
    exact: all.exact,
  };
}

/** Zero-filled, oldest first. Without a granularity: hours for two days, days for two years, then months. */
export async function timeseries(ctx: Context, asked: Asked, wanted: Granularity | undefined) {
  const question = await questionOf(ctx, asked);
  const spanMs = question.to - question.from;
  const granularity = wanted ?? (spanMs <= 2 * DAY_MS ? "hour" : spanMs <= 731 * DAY_MS ? "day" : "month");
  if (spanMs / bucketMs[granularity] > BUCKETS_MAX)
    throw invalid(
      "/granularity",
      `granularity ${granularity} makes more than ${BUCKETS_MAX} points of this time`,
    );
  const { rows } = await ctx.clicks.query({ ...question, granularity, limit: BUCKETS_MAX + 2 });
  return rows.map(({ group, clicks, uniqueClicks, botClicks, all }) => ({
    start: isoOf(Number(group)),
    clicks,
    uniqueClicks,
    botClicks,
    all,
  }));
}

/** The largest groups by a dimension. */
export async function top(ctx: Context, asked: Asked, by: Dimension, limit: number) {
  const question = await questionOf(ctx, asked);
  const { rows } = await ctx.clicks.query({ ...question, groupBy: by, orderBy: "clicks", limit });
  return rows.map(named);
}

/** What became of the visits of each day, UTC: nothing that was answered and not counted is left unsaid. */
export async function quality(ctx: Context, asked: Pick<Asked, "from" | "to">): Promise<Quality> {
  const { workspaceId, from, to } = await questionOf(ctx, asked);
  if (to - from > QUALITY_DAYS_MAX * DAY_MS)
    throw invalid("/from", `from and to must lie within ${QUALITY_DAYS_MAX} days`);
  const days = await ctx.clicks.ledger(workspaceId, from, to);
  return days.map(({ day, recorded, unrecorded }) => ({
    day: isoOf(day * DAY_MS).slice(0, 10),
    requests: recorded + Object.values(unrecorded).reduce((sum, count) => sum + count, 0),
    recorded,
    unrecorded,
  }));
}

const named = ({
  group,
  clicks,
  uniqueClicks,
  botClicks,
  all,
}: { group: unknown } & Record<"clicks" | "uniqueClicks" | "botClicks" | "all", number>) => ({
  value: String(group ?? ""),
  clicks,
  uniqueClicks,
  botClicks,
  all,
});

async function questionOf(
  ctx: Context,
  { link, domain, from, to, timezone: wanted }: Asked,
): Promise<Question> {
  const timezone = wanted ?? (await readWorkspace(ctx)).timeZone;
  const until = to === undefined ? ctx.clock.now() + 1 : momentOf("/to", to);
  const since = from === undefined ? until - DAYS * DAY_MS : momentOf("/from", from);
  if (since >= until) throw invalid("/from", "from must lie before to");
  if (!isTimezone(timezone))
    throw invalid("/timezone", "timezone must be an IANA name such as Europe/Berlin");
  const where =
    link !== undefined
      ? { link: [(await findLink(ctx.db.read, ctx, { link, domain })).row.id] }
      : domain !== undefined
        ? { domain: [(await findDomain(ctx.db.read, ctx, domain)).id] }
        : {};
  const withoutLinks = link === undefined ? await hiddenLinks(ctx) : [];
  return {
    workspaceId: workspaceOf(ctx),
    from: since,
    to: until,
    timezone,
    where,
    ...(withoutLinks.length > 0 && { withoutLinks }),
    limit: 1,
  };
}

function isTimezone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: name }).resolvedOptions().timeZone !== "";
  } catch {
    return false;
  }
}
