import {
  closeSync,
  constants,
  type Dirent,
  fstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import type { JournalPosition } from "../store.ts";
import { HEADER_BYTES, SEGMENT_VERSION } from "./layout.ts";
import {
  isUnfinished,
  readHeader,
  type SegmentHeader,
  segmentName,
  segmentNumber,
  syncFolder,
} from "./segment.ts";

/** The journal cannot be opened as it lies there. The message says what to do. */
export class JournalError extends Error {
  override readonly name = "JournalError";
  readonly code: "unknown_version" | "unreadable";
  constructor(code: "unknown_version" | "unreadable", message: string, cause?: unknown) {
    super(message, { cause });
    this.code = code;
  }
}

export interface FoundSegment {
  readonly number: number;
  readonly path: string;
  readonly seed: number;
  readonly sizeBytes: number;
}

export interface JournalFolder {
  /** Whole segments of this installation, by number. */
  readonly segments: readonly FoundSegment[];
  /** Files put into `refused/`, with the reason. */
  readonly refused: readonly { readonly name: string; readonly reason: string }[];
  /** Numbers of segments that should be there and are not. */
  readonly missing: readonly number[];
  /** The number of the next segment to make: beyond every file and every place the store has heard of. */
  readonly next: number;
}

const OWN_NAMES = new Set(["visitor-salt", "damaged", "refused"]);

export const journalPath = (dataDir: string): string => join(dataDir, "journal");

/**
 * Looks through the journal folder before anything is read from it or written to it. What is no whole segment
 * of this installation under its own name is moved to `refused/` and reported: nothing is deleted that is not
 * understood, and nothing foreign is counted.
 *
 * @param position how far the store has folded; null when it has never seen a journal
 * @param before segments from this number on belong to a writer at work, and are left alone
 * @throws JournalError when a segment was written by a newer version, or cannot be read
 */
export function inspectJournal(
  folder: string,
  installation: string,
  position: JournalPosition | null,
  before = Number.POSITIVE_INFINITY,
): JournalFolder {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const segments: FoundSegment[] = [];
  const refused: { name: string; reason: string }[] = [];
  // Offset 0 says that everything before this segment is folded; the segment itself may not exist yet.
  let highest = position === null ? 0 : position.segment - (position.offset === 0 ? 1 : 0);
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const { name } = entry;
    if (OWN_NAMES.has(name) || isOfWriter(name, before)) continue;
    if (entry.isFile() && isUnfinished(name)) {
      rmSync(join(folder, name), { force: true });
      continue;
    }
    highest = Math.max(highest, plausible(segmentNumber(name)));
    const found = look(folder, entry, installation);
    if (typeof found === "object") segments.push(found);
    else {
      refuse(folder, name);
      refused.push({ name, reason: found });
    }
  }
  segments.sort((a, b) => a.number - b.number);
  const missing = gaps(segments, position);
  if (refused.length > 0) syncFolder(folder);
  return { segments, refused, missing, next: highest + 1 };
}

const isOfWriter = (name: string, before: number): boolean =>
  (segmentNumber(name) !== null || isUnfinished(name)) && Number(name.slice(0, 10)) >= before;

/** Headers hold 32 bits; a file that claims more does not use up all numbers. */
const plausible = (number: number | null): number => (number !== null && number < 4e9 ? number : 0);

/** A segment, or the reason why it is none. */
function look(folder: string, entry: Dirent, installation: string): FoundSegment | string {
  const { name } = entry;
  const number = segmentNumber(name);
  if (number === null) return "not a journal file";
  if (!entry.isFile()) return "not a regular file";
  const path = join(folder, name);
  const { header, sizeBytes } = open(path, name);
  if (sizeBytes === 0) return "empty";
  if (header === null) return "no readable header";
  if (header.version !== SEGMENT_VERSION)
    throw new JournalError(
      "unknown_version",
      `${name} in the click journal has format ${header.version}; this version of Waypost reads format ${SEGMENT_VERSION}. Start the version that wrote it, stop it, and try again.`,
    );
  if (header.installation !== installation) return "written by another installation";
  if (header.number !== number) return `holds segment ${header.number}`;
  return { number, path, seed: header.seed, sizeBytes };
}

function open(path: string, name: string): { header: SegmentHeader | null; sizeBytes: number } {
  try {
    // Never through a symlink: what it leads to is not ours to fold, and later to delete.
    const fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW);
    try {
      const { size } = fstatSync(fd);
      return { header: size < HEADER_BYTES ? null : readHeader(fd), sizeBytes: size };
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    throw new JournalError(
      "unreadable",
      `${name} in the click journal cannot be read: ${(error as Error).message}`,
      error,
    );
  }
}

/** Numbers without a file between what the store has folded and the last segment found. */
function gaps(segments: readonly FoundSegment[], position: JournalPosition | null): number[] {
  const last = segments.at(-1)?.number ?? 0;
  const have = new Set(segments.map((segment) => segment.number));
  const missing: number[] = [];
  for (let number = position?.segment ?? segments[0]?.number ?? 1; number < last; number++)
    if (!have.has(number)) missing.push(number);
  return missing;
}

/** Moves a file to `refused/`, beside whatever is already there under its name. */
function refuse(folder: string, name: string): void {
  const aside = join(folder, "refused");
  mkdirSync(aside, { recursive: true, mode: 0o700 });
  const taken = new Set(readdirSync(aside));
  let as = name;
  for (let copy = 2; taken.has(as); copy++) as = `${name}.${copy}`;
  renameSync(join(folder, name), join(aside, as));
}

/** Keeps the bytes of a damaged stretch. Doing it twice leaves one file. */
export function setAside(folder: string, segment: number, offset: number, bytes: Uint8Array): void {
  const aside = join(folder, "damaged");
  mkdirSync(aside, { recursive: true, mode: 0o700 });
  writeFileSync(join(aside, `${segmentName(segment)}.${offset}`), bytes, { mode: 0o600, flush: true });
}
