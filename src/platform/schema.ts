import { type TLiteral, type TProperties, type TSchema, type TUnion, Type as t } from "@sinclair/typebox";
import { t as elysia } from "elysia";
import { invalid } from "../lib/errors.ts";

/**
 * An object that refuses and names what it does not know. Every object of every body is made with it, nested
 * ones too: Elysia's own refusal looks at the root only.
 */
export const strict = <P extends TProperties>(properties: P, description?: string) =>
  t.Object(properties, { additionalProperties: false, ...(description ? { description } : {}) });

export const nullable = <S extends TSchema>(schema: S) => t.Union([schema, t.Null()]);

/** One of a few words. */
export const oneOf = <const T extends readonly string[]>(values: T, description?: string) =>
  t.Union(
    values.map((value) => t.Literal(value)),
    description ? { description } : {},
  ) as unknown as TUnion<{ -readonly [K in keyof T]: TLiteral<T[K] & string> }>;

/**
 * A name that people see beside others', in pages and in the subjects of mail: one line, with something on it, and none
 * of the characters that turn the direction of what stands after them.
 */
export const nameText = (maxLength: number, more: { readonly examples?: string[] } = {}) =>
  t.String({ minLength: 1, maxLength, pattern: ONE_LINE, description: "a name on one line", ...more });

const ODD = "\\x00-\\x1f\\x7f-\\x9f\\u200e\\u200f\\u2028-\\u202e\\u2066-\\u2069";
const ONE_LINE = `^[^${ODD}]*[^\\s${ODD}][^${ODD}]*$`;

/** A name as it is stored: one spelling of Unicode, nothing around it. */
export const plainName = (text: string): string => text.normalize("NFC").trim();

/** ISO 8601 with a zone, as the API takes and gives times: `2026-11-22T09:00:00.000Z`. */
export const Time = t.String({
  pattern: "^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}(:\\d{2}(\\.\\d{1,9})?)?(Z|[+-]\\d{2}:\\d{2})$",
  maxLength: 40,
  description: "a time in ISO 8601 with a zone, such as 2026-11-22T09:00:00Z",
  examples: ["2026-11-22T09:00:00.000Z"],
});

/** The fields of `before` that `after` has otherwise: what an event tells as `previous`. */
export const differing = <T extends object>(before: T, after: T): Partial<T> =>
  Object.fromEntries(
    Object.entries(before).filter(
      ([name, value]) => JSON.stringify(value) !== JSON.stringify(after[name as keyof T]),
    ),
  ) as Partial<T>;

export const isoOf = (ms: number): string => new Date(ms).toISOString();
export const isoOrNull = (ms: number | null): string | null => (ms === null ? null : isoOf(ms));

/** A whole number in a query: Elysia's own kind, because query parameters arrive as text. */
export const queryInteger = (options: { minimum: number; maximum: number; description?: string }) =>
  elysia.Integer(options);

/**
 * The moment a `Time` names, in milliseconds. Its pattern lets the 31st of February pass; the calendar does not.
 * @throws AppError VALIDATION_ERROR naming `path`
 */
export function momentOf(path: string, text: string): number {
  const ms = instant(text);
  if (ms === null) throw invalid(path, `${path.slice(1)} is not a date and time of the calendar`);
  // Beyond, a time is written with a sign and six digits, which no `Time` has.
  if (ms < FIRST_MS || ms > LAST_MS)
    throw invalid(path, `${path.slice(1)} must lie in the years 0000 to 9999, UTC`);
  return ms;
}

const FIRST_MS = Date.parse("0000-01-01T00:00:00.000Z");
const LAST_MS = Date.parse("9999-12-31T23:59:59.999Z");

function instant(text: string): number | null {
  try {
    return Temporal.Instant.from(text).epochMilliseconds;
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

const Meta = t.Object({
  timestamp: Time,
  version: t.Literal("v1"),
  requestId: t.String({ examples: ["req_01jd0000000000000000000000"] }),
});

/** What a success looks like around its data. */
export const envelope = <S extends TSchema>(data: S) =>
  t.Object({
    success: t.Literal(true),
    status: t.Integer(),
    message: t.String(),
    data,
    meta: Meta,
  });

export const Pagination = t.Object({
  page: t.Integer(),
  limit: t.Integer(),
  total: t.Integer(),
  atLeast: t.Optional(
    t.Boolean({ description: "There are more than `total`, which were not counted; walk on with `cursor`." }),
  ),
  pages: t.Integer(),
  hasMore: t.Boolean(),
  nextCursor: nullable(t.String({ description: "Send as `cursor` to walk on without skips or repeats." })),
});

export const listEnvelope = <S extends TSchema>(item: S) =>
  t.Object({
    success: t.Literal(true),
    status: t.Integer(),
    message: t.String(),
    data: t.Array(item),
    pagination: Pagination,
    meta: Meta,
  });

/** The one form of every error. */
export const Failure = t.Object(
  {
    success: t.Literal(false),
    status: t.Integer({ examples: [400] }),
    message: t.String({ examples: ["destinationUrl is not a URL"] }),
    error: t.Object({
      code: t.String({ examples: ["VALIDATION_ERROR"] }),
      message: t.String(),
      details: t.Array(t.Object({ path: t.String({ examples: ["/destinationUrl"] }), message: t.String() })),
    }),
    meta: Meta,
  },
  { $id: "Failure" },
);
