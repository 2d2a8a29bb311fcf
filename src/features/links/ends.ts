import { invalid } from "../../lib/errors.ts";
import { momentOf } from "../../platform/schema.ts";
import type { LinkRow } from "./model.ts";
import { optionsOf } from "./options.ts";

/** What people say of a link's end: each of the two has two ways to say it. */
export interface EndsInput {
  readonly expiresAt?: string | null | undefined;
  readonly expiresAfterSeconds?: number | null | undefined;
  readonly clicksLimit?: number | null | undefined;
  readonly oneTime?: boolean | undefined;
}
export interface Ends {
  readonly expiresAt: number | null;
  /** How the moment was said, when it was said so. */
  readonly expiresAfterSeconds: number | null;
  readonly clicksLimit: number | null;
}

/**
 * When a link ends, once it was told this. A duration counts from the link's making, and a one-time link is one with a
 * limit of one click: so lists, filters and redirects know a single moment and a single limit.
 * @throws AppError VALIDATION_ERROR when the two ways contradict each other
 */
export const endsOf = (before: Pick<LinkRow, "createdAt"> & Partial<LinkRow>, input: EndsInput): Ends => ({
  ...expiryOf(before, input),
  clicksLimit: limitOf(before.clicksLimit ?? null, input),
});

function expiryOf(before: Pick<LinkRow, "createdAt"> & Partial<LinkRow>, input: EndsInput) {
  const { createdAt, expiresAt: known = null, options = null } = before;
  const seconds = input.expiresAfterSeconds;
  const given =
    typeof input.expiresAt === "string" ? momentOf("/expiresAt", input.expiresAt) : input.expiresAt;
  if (typeof seconds === "number") {
    const expiresAt = createdAt + seconds * 1000;
    if (typeof given === "number" && given !== expiresAt)
      throw invalid("/expiresAfterSeconds", "give expiresAt or expiresAfterSeconds, not two different ends");
    return { expiresAt, expiresAfterSeconds: seconds };
  }
  if (given !== undefined) return { expiresAt: given, expiresAfterSeconds: null };
  const lasting = optionsOf({ options }).expiresAfterSeconds ?? null;
  if (seconds === null && lasting !== null) return { expiresAt: null, expiresAfterSeconds: null };
  return { expiresAt: known, expiresAfterSeconds: lasting };
}

function limitOf(before: number | null, { clicksLimit, oneTime }: EndsInput): number | null {
  if (oneTime !== undefined && clicksLimit !== undefined && oneTime !== (clicksLimit === 1))
    throw invalid("/oneTime", "a one-time link has a clicksLimit of 1: leave one of the two out");
  if (clicksLimit !== undefined) return clicksLimit;
  if (oneTime === undefined) return before;
  if (oneTime) return 1;
  return before === 1 ? null : before;
}
