import { AppError, invalid } from "../../lib/errors.ts";
import type { FolderRow } from "./model.ts";

/** Folders in folders, the outermost counted. */
export const DEPTH_MAX = 10;

type Place = Pick<FolderRow, "id" | "parentId">;

/** How deep a folder stands: 1 at the top. */
export function depthOf(folders: readonly Place[], id: string | null): number {
  const parents = new Map<string, string | null>(folders.map((one) => [one.id, one.parentId]));
  let depth = 0;
  for (let at = id; at !== null && depth <= DEPTH_MAX + 1; at = parents.get(at) ?? null) depth++;
  return depth;
}

/** A folder and all in it, outermost first. */
export function within<T extends Place>(folders: readonly T[], id: string): T["id"][] {
  const inside: T["id"][] = folders.filter((one) => one.id === id).map((one) => one.id);
  for (const outer of inside)
    inside.push(...folders.filter(({ parentId }) => parentId === outer).map((one) => one.id));
  return inside;
}

/** @throws AppError when the folder would stand in itself, or too deep */
export function checkPlace(folders: readonly Place[], id: string | null, parentId: string | null): void {
  const inside = id === null ? [] : within(folders, id);
  if (parentId !== null && inside.some((one) => one === parentId))
    throw invalid("/parentId", "parentId is the folder itself, or one that stands in it");
  const above = depthOf(folders, parentId);
  const height =
    id === null ? 1 : Math.max(...inside.map((one) => depthOf(folders, one))) - depthOf(folders, id) + 1;
  if (above + height > DEPTH_MAX)
    throw new AppError("CONFLICT", `Folders stand in each other ${DEPTH_MAX} deep at most.`, {
      details: [{ path: "/parentId", message: "parentId stands too deep" }],
    });
}
