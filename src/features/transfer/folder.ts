import { rm } from "node:fs/promises";
import { join } from "node:path";
import { makePrivateFolder } from "../../lib/files.ts";
import type { Context } from "../../platform/context.ts";

/** Where the file of an export or import lies in the data folder of the process that made it. */
export const fileOf = (ctx: Pick<Context, "dataDir">, id: string): string => join(transferFolder(ctx), id);

export function transferFolder({ dataDir }: Pick<Context, "dataDir">): string {
  const folder = join(dataDir, "transfer");
  makePrivateFolder(folder);
  return folder;
}

export const removeFile = (ctx: Pick<Context, "dataDir">, id: string): Promise<void> =>
  rm(fileOf(ctx, id), { force: true });
