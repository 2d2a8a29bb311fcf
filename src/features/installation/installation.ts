import { eq } from "drizzle-orm";
import type { Database, Tx } from "../../db/database.ts";
import { newId } from "../../lib/ids.ts";

export interface Installation {
  readonly installationId: string;
  /** Null until the first workspace exists. */
  readonly setUpAt: number | null;
  readonly baseUrl: string | null;
}

/** What the installation knows of itself; on an empty database it is given its identity first. */
export async function openInstallation(db: Database): Promise<Installation> {
  const { installation } = db.tables;
  return db.transaction(async (tx) => {
    const [row] = await tx.select().from(installation).limit(1);
    if (row) return row;
    const made = {
      id: 1,
      installationId: newId("inst", tx.now),
      setUpAt: null,
      baseUrl: null,
      createdAt: tx.now,
    };
    await tx.insert(installation).values(made);
    return made;
  });
}

/** True when this very call set it up: of two at once, one finds it done. */
export async function markSetUp(tx: Tx, db: Database, baseUrl: string): Promise<boolean> {
  const { installation, workspaces } = db.tables;
  const [row] = await tx.select().from(installation).limit(1);
  const [workspace] = await tx.select({ id: workspaces.id }).from(workspaces).limit(1);
  if (row?.setUpAt !== null || workspace) return false;
  await tx.update(installation).set({ setUpAt: tx.now, baseUrl }).where(eq(installation.id, 1));
  return true;
}
