import { Type as t } from "@sinclair/typebox";
import { type Dimension, dimensions, granularities } from "../../clicks/store.ts";
import { nullable, oneOf, Time } from "../../platform/schema.ts";

const counts = {
  clicks: t.Integer({ description: "Human clicks with a counted outcome." }),
  uniqueClicks: t.Integer({ description: "Distinct visitors per UTC day among them, summed over days." }),
  botClicks: t.Integer({ description: "Bots, previews, prefetches and monitors with a counted outcome." }),
  all: t.Integer({ description: "Every recorded request, whatever became of it." }),
};

const Row = t.Object({ value: t.String({ description: "Empty when unknown." }), ...counts });

export const Overview = t.Object(
  {
    from: Time,
    to: Time,
    timezone: t.String(),
    ...counts,
    lastClickedAt: nullable(Time),
    outcomes: t.Array(Row, { description: "By what became of the request." }),
    verdicts: t.Array(Row, { description: "By who asked." }),
    exact: t.Boolean({ description: "False when uniques were estimated." }),
  },
  { $id: "Overview" },
);
export type Overview = typeof Overview.static;

export const Timeseries = t.Array(t.Object({ start: Time, ...counts }), { $id: "Timeseries" });
export const Top = t.Array(Row, { $id: "Top" });

export const Quality = t.Array(
  t.Object({
    day: t.String({ format: "date", examples: ["2026-03-10"] }),
    requests: t.Integer({ description: "Visits that were answered: recorded and unrecorded together." }),
    recorded: t.Integer({ description: "Visits that became clicks, whatever was forgotten of them since." }),
    unrecorded: t.Record(t.String(), t.Integer(), {
      description:
        "Visits that were answered and could not be recorded, by reason: disk_full, no_segment, too_large, write_failed, throttled.",
    }),
  }),
  { $id: "Quality" },
);
export type Quality = typeof Quality.static;

/** What all questions share. */
export const questionQuery = {
  link: t.Optional(
    t.String({
      maxLength: 600,
      description:
        "A link: id, ext_ and your external id, or with domain its slug. Without it: the whole workspace.",
    }),
  ),
  domain: t.Optional(
    t.String({
      minLength: 1,
      maxLength: 255,
      description: "Host or id: the domain of the slug in `link`, or alone: all links of this domain.",
    }),
  ),
  from: t.Optional(Time),
  to: t.Optional(Time),
  timezone: t.Optional(
    t.String({
      maxLength: 64,
      description: "IANA name; the workspace's when left out.",
      examples: ["Europe/Berlin"],
    }),
  ),
};
export const Granularity = oneOf(granularities);

/** Dimensions that may be asked for; links and domains have lists of their own. */
export const TopBy = oneOf(dimensions as readonly [Dimension, ...Dimension[]]);
