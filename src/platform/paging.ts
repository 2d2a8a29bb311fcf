import { Type as t } from "@sinclair/typebox";
import { Column, is, type SQL, sql } from "drizzle-orm";
import { invalid } from "../lib/errors.ts";
import { macOf, sameText } from "../lib/secrets.ts";
import type { Stamp } from "./envelope.ts";
import { success } from "./envelope.ts";
import { queryInteger } from "./schema.ts";

/** Rows that `page` may reach; beyond them a walk takes cursors, which cost the same on every page. */
const OFFSET_MAX = 100_000;

/** The paging parameters of every list. */
export const pagingQuery = {
  page: t.Optional(queryInteger({ minimum: 1, maximum: OFFSET_MAX, description: "From 1." })),
  limit: t.Optional(
    queryInteger({ minimum: 1, maximum: 100, description: "Items a page; 20 when left out." }),
  ),
  cursor: t.Optional(
    t.String({
      maxLength: 1024,
      description: "`pagination.nextCursor` of the answer before; `page` is then ignored.",
    }),
  ),
};

export interface PageRequest {
  readonly page: number;
  readonly limit: number;
  readonly offset: number;
  /** The place to go on from: the sort value and id of the last row seen; null to begin. */
  readonly after: Place | null;
}
export interface Place {
  readonly value: string | number | null;
  readonly id: string;
}
export interface Page<T> {
  readonly items: readonly T[];
  readonly total: number;
  /** There are more than `total`, which were not counted. */
  readonly atLeast?: boolean;
  /** The place of the last item; null when there is no more. */
  readonly next: Place | null;
}

/** A cursor holds for one list only: `scope` names workspace, sort and filters, and is part of its seal. */
export interface Cursors {
  read(cursor: string, scope: string): Place;
  write(place: Place, scope: string): string;
}

export function openCursors(secret: string): Cursors {
  const seal = (payload: string, scope: string) => macOf(secret, `cursor\n${scope}\n${payload}`).slice(0, 32);
  return {
    write(place, scope) {
      const payload = Buffer.from(JSON.stringify([place.value, place.id])).toString("base64url");
      return `${payload}.${seal(payload, scope)}`;
    },
    read(cursor, scope) {
      const [payload = "", mac = ""] = cursor.split(".");
      if (!sameText(mac, seal(payload, scope)))
        throw invalid("/cursor", "cursor is not one of this list: begin again without it");
      const [value, id] = JSON.parse(Buffer.from(payload, "base64url").toString()) as [
        Place["value"],
        string,
      ];
      return { value, id };
    },
  };
}

export type PagingQuery = { page?: number; limit?: number; cursor?: string };

/** @throws AppError VALIDATION_ERROR for a cursor that was tampered with or belongs to another list */
export function pageRequest(query: PagingQuery, cursors: Cursors, scope: string): PageRequest {
  const { page = 1, limit = 20, cursor } = query;
  const after = cursor === undefined ? null : cursors.read(cursor, scope);
  const offset = after ? 0 : (page - 1) * limit;
  if (offset > OFFSET_MAX)
    throw invalid("/page", `page reaches ${OFFSET_MAX} rows at most; walk on with cursor instead`);
  return { page, limit, offset, after };
}

/**
 * Rows beyond a place in the order (value, id): a walk by places neither skips nor repeats what stays, however
 * much is added and removed meanwhile. The value must not be null: sort by `coalesce`.
 */
export function afterPlace(by: SQL | Column, id: Column, order: "asc" | "desc", place: Place): SQL {
  // Compared as a pair: an index over both then leads straight to the place, however many share the value.
  const beyond =
    order === "asc"
      ? sql`(${by}, ${id}) > (${place.value}, ${place.id})`
      : sql`(${by}, ${id}) < (${place.value}, ${place.id})`;
  if (is(by, Column)) return beyond;
  // SQLite finds no way into an index by a pair that begins with an expression; by the expression alone it does.
  return order === "asc"
    ? sql`(${by} >= ${place.value} and ${beyond})`
    : sql`(${by} <= ${place.value} and ${beyond})`;
}

/** The envelope of a list. */
export const listed = <T>(
  stamp: Stamp,
  message: string,
  { items, total, atLeast, next }: Page<T>,
  { page, limit }: PageRequest,
  cursorOf: (place: Place) => string,
) => ({
  ...success(stamp, 200, message, [...items]),
  pagination: {
    page,
    limit,
    total,
    ...(atLeast && { atLeast }),
    pages: Math.ceil(total / limit),
    hasMore: next !== null,
    nextCursor: next === null ? null : cursorOf(next),
  },
});
