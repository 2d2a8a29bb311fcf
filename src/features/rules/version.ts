import { ruleVersionPassed } from "./errors.ts";

/** A strong ETag: it changes with every edit and never without one. Click numbers are no edit. */
export const ruleEtag = ({ id, version }: { id: string; version: number }): string => `"${id}-${version}"`;

/** @throws AppError PRECONDITION_FAILED when If-Match names none of the rule's present state */
export function checkRuleVersion(row: { id: string; version: number }, ifMatch: string | null): void {
  if (ifMatch === null || ifMatch.trim() === "*") return;
  const tags = ifMatch.split(",").map((tag) => tag.trim());
  if (!tags.includes(ruleEtag(row))) throw ruleVersionPassed(row.version);
}
