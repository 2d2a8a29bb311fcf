import { newId } from "../lib/ids.ts";
import type { Ports } from "./context.ts";
import { insertJobs, jobRow } from "./jobs/enqueue.ts";
import { type Keyring, KeyringError } from "./keyring.ts";
import { isStale, resealJob } from "./resealing.ts";
import { Unsealable } from "./sealing.ts";

const KNOWN = "waypost";
const purpose = (id: string) => `keyring.proof ${id}`;

/** A known text sealed with the newest key, for `sealing_keys`. */
export const proofOf = ({ seal }: Pick<Ports, "seal">, id: string): string => seal.seal(KNOWN, purpose(id));

/**
 * Holds the key ring against the keys that the database knows, before anything is served: with a wrong ring, every
 * secret would seem to be damaged, one by one and much later. Answers the keys that are lost.
 */
export async function lostKeys({ db, seal }: Pick<Ports, "db" | "seal">): Promise<string[]> {
  const rows = await db.read.select().from(db.tables.sealingKeys);
  return rows.filter(({ id, proof }) => !opens(proof, purpose(id))).map(({ id }) => id);

  function opens(proof: string, what: string): boolean {
    try {
      return seal.open(proof, what) === KNOWN;
    } catch (error) {
      if (error instanceof Unsealable) return false;
      throw error;
    }
  }
}

/**
 * What a start does with the ring: refuses a wrong one, and notes a newest key that is new here. What older keys have
 * sealed is then sealed anew by a job.
 * @throws KeyringError
 */
export async function settleSealingKeys(
  ports: Pick<Ports, "db" | "seal" | "sealed">,
  ring: Pick<Keyring, "sealing">,
): Promise<void> {
  const { db } = ports;
  const lost = await lostKeys(ports);
  if (lost.length > 0) throw wrongRing(lost);
  const { sealingKeys } = db.tables;
  const known = await db.read.select({ id: sealingKeys.id }).from(sealingKeys);
  const { id } = ring.sealing()[0]!;
  if (known.some((key) => key.id === id)) return;
  const jobs = (await isStale(ports)) ? 1 : 0;
  await db.transaction(async (tx) => {
    await tx
      .insert(sealingKeys)
      .values({ id, proof: proofOf(ports, id), createdAt: tx.now })
      .onConflictDoNothing();
    const by = { actorId: "system", workspaceId: null, now: tx.now };
    if (jobs > 0)
      await insertJobs(tx, db, [jobRow(newId("job", tx.now), resealJob, {}, by, { uniqueKey: "all" })]);
  });
}

const wrongRing = (ids: readonly string[]) =>
  new KeyringError(
    `This is not the key ring of this database: secrets in it were sealed with ${ids.length === 1 ? "the key" : "the keys"} ${ids.join(", ")}. Restore keys.json of the data folder from a backup, or give all processes the same WAYPOST_KEYRING. If the key is lost for good, "waypost keyring forget" gives up what it has sealed.`,
  );
