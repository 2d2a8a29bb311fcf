import { versionPassed } from "./errors.ts";
import type { LinkRow } from "./model.ts";

/** A strong ETag: it changes with every edit and never without one. Click numbers are no edit. */
export const etagOf = ({ id, version }: { id: string; version: number }): string => `"${id}-${version}"`;

/** @throws AppError PRECONDITION_FAILED when If-Match names none of the link's present state */
export function checkVersion(row: LinkRow, ifMatch: string | null): void {
  if (ifMatch === null || ifMatch.trim() === "*") return;
  // If-Match compares strongly (RFC 9110, 13.1.1): weak tags never match.
  const tags = ifMatch.split(",").map((tag) => tag.trim());
  if (!tags.includes(etagOf(row))) throw versionPassed(row.version);
}
