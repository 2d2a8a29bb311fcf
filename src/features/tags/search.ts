import type { Context } from "../../platform/context.ts";
import type { Tag } from "./model.ts";
import { listTags } from "./tags.ts";

/** Tags with a text in their name. */
export const searchTags = async (ctx: Context, text: string, limit: number): Promise<Tag[]> => [
  ...(await listTags(ctx, text, { page: 1, limit, offset: 0, after: null })).items,
];
