import { and, asc, count, eq, gt, inArray, isNull } from "drizzle-orm";
import { invalid } from "../../lib/errors.ts";
import type { Id } from "../../lib/ids.ts";
import { sameText } from "../../lib/secrets.ts";
import type { Context } from "../../platform/context.ts";
import { isErasedProof, isKeyedProof, proves, provesEvent } from "../../platform/proofs.ts";
import { type ChainRow, type Entry, entriesIn, formOf, leafOf, linkColumns } from "./chain.ts";
import { ERASED_DATA, ERASED_ORIGIN } from "./erase.ts";
import { auditErased } from "./events.ts";
import type { Finding, Verification } from "./model.ts";

/** Few, because SQLite reads them on the main thread and redirects wait meanwhile; whoever asks goes on from there. */
const SEALS_PER_CALL = 10;
const FINDINGS_MAX = 100;

export interface VerifyOptions {
  /** Goes on behind this seal; 0 from the beginning. */
  readonly after: number;
  /** `seal:hash` as it was noted once: the chain must have it still. */
  readonly expect: { readonly seal: number; readonly hash: string } | null;
}

type Seal = Context["db"]["tables"]["auditSeals"]["$inferSelect"];

/** Looks through some of the chain, and says what is not as it was sealed. */
export async function verifyAudit(ctx: Context, { after, expect }: VerifyOptions): Promise<Verification> {
  const { auditSeals } = ctx.db.tables;
  const before = after === 0 ? null : await sealAt(ctx, after);
  if (after > 0 && !before) throw invalid("/after", "there is no such seal");
  const seals = await ctx.db.read
    .select()
    .from(auditSeals)
    .where(gt(auditSeals.sequence, after))
    .orderBy(asc(auditSeals.sequence))
    .limit(SEALS_PER_CALL);
  const findings: Finding[] = [];
  let previous = { sequence: after, hash: before?.hash ?? "" };
  let events = 0;
  let erased = 0;
  for (const seal of seals) {
    findings.push(...chainFindings(ctx, seal, previous));
    if (expect?.seal === seal.sequence && !sameText(expect.hash, seal.hash))
      findings.push(
        sealFinding(
          "seal_altered",
          seal.sequence,
          "It is not the seal that was noted: the log was made anew.",
        ),
      );
    const held = await heldFindings(ctx, seal);
    findings.push(...held.findings);
    events += held.events;
    erased += held.erased;
    previous = seal;
    // Between seals, others have their turn.
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
  const done = seals.length < SEALS_PER_CALL;
  if (done) findings.push(...(await tailFindings(ctx, previous.sequence, expect)));
  return {
    seal: previous.sequence,
    hash: previous.hash,
    seals: seals.length,
    events,
    erased,
    unsealed: done ? await countUnsealed(ctx) : 0,
    done,
    findings: findings.slice(0, FINDINGS_MAX),
  };
}

/** Whether the seals themselves are a chain, from the first to the last. */
function chainFindings(ctx: Context, seal: Seal, before: { sequence: number; hash: string }): Finding[] {
  const findings: Finding[] = [];
  if (seal.sequence !== before.sequence + 1)
    findings.push(
      sealFinding("seal_missing", seal.sequence, `The seals from ${before.sequence + 1} on are not there.`),
    );
  else if (!sameText(seal.previous, before.hash))
    findings.push(sealFinding("seal_altered", seal.sequence, "It does not follow from the seal before."));
  if (formOf(ctx.keyring.audit, seal) === null)
    findings.push(
      sealFinding("seal_altered", seal.sequence, "The seal was altered, or made with another key ring."),
    );
  return findings;
}

/** Whether the events of a seal are those that were there, and as they were. */
async function heldFindings(ctx: Context, seal: Seal) {
  const { events } = ctx.db.tables;
  const rows = await ctx.db.read
    .select(linkColumns(ctx.db.tables))
    .from(events)
    .where(eq(events.seal, seal.sequence))
    .orderBy(asc(events.id));
  const entries = entriesIn(seal.entries);
  const held = new Set<string>(rows.map(({ id }) => id));
  const finding = (kind: Finding["kind"], eventId: string, message: string): Finding => ({
    kind,
    seal: seal.sequence,
    eventId,
    message,
  });
  const here = rows.flatMap((row) => {
    const wrong = wrongWith(ctx, row, entries.get(row.id));
    return wrong === null ? [] : [finding(...wrong)];
  });
  const missing = [...entries.keys()].filter((id) => !held.has(id));
  const elsewhere = await idsThatExist(ctx, missing);
  const gone = missing.map((id) =>
    elsewhere.has(id)
      ? finding("moved", id, "It was taken out of its seal.")
      : finding("deleted", id, "It was deleted."),
  );
  const erased = rows.filter(isErased).map(({ id }) => id);
  const unrecorded = (await unrecordedErasures(ctx, erased)).map((id) =>
    finding("erased_unrecorded", id, "Its data was taken out without a record of it."),
  );
  return {
    findings: [...here, ...gone, ...unrecorded],
    events: rows.length,
    erased: erased.length - unrecorded.length,
  };
}

type HeldRow = ChainRow & { readonly id: Id<"evt">; readonly data: string; readonly origin: string };

/** `entry` is what the seal says of it; undefined when it says nothing. */
function wrongWith(
  ctx: Context,
  row: HeldRow,
  entry: Entry | undefined,
): [Finding["kind"], string, string] | null {
  if (entry === undefined) return ["inserted", row.id, "It says that this seal holds it, which it does not."];
  if (entry.leaf !== leafOf(row)) return ["altered", row.id, "Who, what, when or to what was altered."];
  if (!entry.proven)
    return ["inserted", row.id, "It was put in, or altered, behind the program before it was sealed."];
  if (!holdsData(row)) return ["altered", row.id, "Its data was altered."];
  if (!holdsOrigin(ctx, row)) return ["altered", row.id, "Where it came from was altered."];
  return null;
}

const isErased = ({ dataProof, originProof }: HeldRow): boolean =>
  [dataProof, originProof].some((proof) => proof !== null && isErasedProof(proof));

/** What was erased says so and nothing else. */
const holdsData = ({ dataProof, data }: HeldRow): boolean =>
  dataProof !== null && (isErasedProof(dataProof) ? data === ERASED_DATA : proves(dataProof, data));

function holdsOrigin({ keyring }: Context, row: HeldRow): boolean {
  const { originProof, origin } = row;
  if (originProof === null) return false;
  if (isErasedProof(originProof)) return origin === ERASED_ORIGIN;
  if (isKeyedProof(originProof)) return provesEvent(keyring.audit, row, originProof, origin);
  return proves(originProof, origin);
}

async function idsThatExist(ctx: Context, ids: readonly string[]): Promise<Set<string>> {
  if (ids.length === 0) return new Set();
  const { events } = ctx.db.tables;
  const rows = await ctx.db.read
    .select({ id: events.id })
    .from(events)
    .where(inArray(events.id, ids as Id<"evt">[]));
  return new Set(rows.map(({ id }) => id));
}

async function unrecordedErasures(ctx: Context, ids: readonly string[]): Promise<string[]> {
  if (ids.length === 0) return [];
  const { events } = ctx.db.tables;
  const records = await ctx.db.read
    .select({ ...linkColumns(ctx.db.tables), seal: events.seal })
    .from(events)
    .where(and(isNull(events.workspaceId), eq(events.type, auditErased.name)));
  const wanted = new Set(ids);
  for (const record of records) {
    const named = erasedBy(record.data).filter((id) => wanted.has(id));
    if (named.length > 0 && (await isRecorded(ctx, record))) for (const id of named) wanted.delete(id);
  }
  return [...wanted];
}

/** The events that a record of erasure names. */
function erasedBy(data: string): string[] {
  try {
    const { events } = JSON.parse(data) as { events?: unknown };
    return Array.isArray(events) ? events : [];
  } catch {
    // Somebody was at it.
    return [];
  }
}

/** Whether a record is ours, and as it was: by its own proof, or else by the seal that holds it. */
async function isRecorded(ctx: Context, row: HeldRow & { readonly seal: number | null }): Promise<boolean> {
  if (row.dataProof === null || !proves(row.dataProof, row.data)) return false;
  if (isKeyedProof(row.originProof ?? "")) return holdsOrigin(ctx, row);
  const seal = row.seal === null ? null : await sealAt(ctx, row.seal);
  if (seal === null || formOf(ctx.keyring.audit, seal) === null) return false;
  const entry = entriesIn(seal.entries).get(row.id);
  return entry?.proven === true && entry.leaf === leafOf(row);
}

/** Seals that were cut off at the end leave their events behind, or are missed by whoever noted one. */
async function tailFindings(ctx: Context, last: number, expect: VerifyOptions["expect"]): Promise<Finding[]> {
  const { events } = ctx.db.tables;
  const orphans = await ctx.db.read
    .select({ id: events.id, seal: events.seal })
    .from(events)
    .where(gt(events.seal, last))
    .limit(FINDINGS_MAX);
  return [
    ...orphans.map(({ id, seal }) => ({
      kind: "seal_missing" as const,
      seal: seal ?? 0,
      eventId: id,
      message: "The seal that holds it is not there.",
    })),
    ...(expect !== null && expect.seal > last
      ? [
          sealFinding(
            "seal_missing",
            expect.seal,
            "The seal that was noted is not there: the log was cut off.",
          ),
        ]
      : []),
  ];
}

async function sealAt(ctx: Context, sequence: number): Promise<Seal | null> {
  const { auditSeals } = ctx.db.tables;
  const [seal] = await ctx.db.read
    .select()
    .from(auditSeals)
    .where(eq(auditSeals.sequence, sequence))
    .limit(1);
  return seal ?? null;
}

async function countUnsealed(ctx: Context): Promise<number> {
  const { events } = ctx.db.tables;
  const [row] = await ctx.db.read.select({ n: count() }).from(events).where(isNull(events.seal));
  return row?.n ?? 0;
}

const sealFinding = (kind: Finding["kind"], seal: number, message: string): Finding => ({
  kind,
  seal,
  eventId: null,
  message,
});
