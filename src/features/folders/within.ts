import type { Id } from "../../lib/ids.ts";
import type { Context } from "../../platform/context.ts";
import { type Reader, selectFolders } from "./store.ts";
import { within } from "./tree.ts";

/** A folder and all in it. */
export const foldersWithin = async (read: Reader, ctx: Context, id: string): Promise<Id<"fold">[]> =>
  within(await selectFolders(read, ctx), id);
