import { folderOf, type Operation } from "./power-loss-trace.ts";

/** The files of a folder after the power went. */
export type Files = ReadonlyMap<string, Buffer>;
/** What of the unsynced became durable by chance. */
export type Fate = "none" | "all" | "prefix" | "subset" | "torn";
export const fates: readonly Fate[] = ["none", "all", "prefix", "subset", "torn"];

type Change = Extract<Operation, { kind: "write" | "truncate" }>;
type Naming = Extract<Operation, { kind: "create" | "unlink" | "rename" }>;

interface Inode {
  durable: Buffer;
  pending: { change: Change; at: number }[];
}

/**
 * An honest disk: what was synced stays, of the rest anything may be there or not, in any order. A name that was
 * made, removed or changed is unsynced until its folder is.
 */
export function openDisk(random: () => number) {
  /** As the running program sees it, and as the disk has it. */
  const seen = new Map<string, Inode>();
  let names = new Map<string, Inode>();
  let pendingNames: { naming: Naming; inode: Inode | undefined; at: number }[] = [];

  function apply(operation: Operation, at: number): void {
    switch (operation.kind) {
      case "ack":
        return;
      case "create":
        if (seen.has(operation.file)) return;
        seen.set(operation.file, { durable: Buffer.alloc(0), pending: [] });
        pendingNames.push({ naming: operation, inode: seen.get(operation.file), at });
        return;
      case "unlink":
        pendingNames.push({ naming: operation, inode: undefined, at });
        seen.delete(operation.file);
        return;
      case "rename":
        pendingNames.push({ naming: operation, inode: seen.get(operation.file), at });
        seen.set(operation.to, seen.get(operation.file)!);
        seen.delete(operation.file);
        return;
      case "syncFolder": {
        const isCovered = ({ naming, at: made }: (typeof pendingNames)[number]) =>
          made < operation.begun && folderOf(naming.file) === operation.folder;
        const covered = pendingNames.filter(isCovered);
        pendingNames = pendingNames.filter((one) => !isCovered(one));
        names = renamed(names, covered);
        return;
      }
      case "sync": {
        const inode = seen.get(operation.file);
        if (!inode) return;
        inode.durable = changed(
          inode.durable,
          inode.pending.filter((one) => one.at < operation.begun).map(changeOf),
        );
        inode.pending = inode.pending.filter((one) => one.at >= operation.begun);
        return;
      }
      default:
        seen.get(operation.file)?.pending.push({ change: operation, at });
    }
  }

  /** One of the states in which the power may leave the disk now. */
  function crash(ofFiles: Fate, ofNames: Fate): Files {
    const survivors = renamed(names, chosen(pendingNames, ofNames, random));
    return new Map(
      Array.from(survivors, ([name, { durable, pending }]) => [
        name,
        changed(durable, chosenChanges(pending.map(changeOf), ofFiles, random)),
      ]),
    );
  }

  return { apply, crash };
}

const changeOf = ({ change }: { change: Change }): Change => change;

function renamed(
  names: ReadonlyMap<string, Inode>,
  namings: readonly { naming: Naming; inode: Inode | undefined }[],
): Map<string, Inode> {
  const result = new Map(names);
  for (const { naming, inode } of namings) {
    if (naming.kind !== "create") result.delete(naming.file);
    if (inode) result.set(naming.kind === "rename" ? naming.to : naming.file, inode);
  }
  return result;
}

function chosen<T>(pending: readonly T[], fate: Fate, random: () => number): readonly T[] {
  if (fate === "none") return [];
  if (fate === "prefix") return pending.slice(0, Math.floor(random() * (pending.length + 1)));
  if (fate === "subset") return pending.filter(() => random() < 0.5);
  return pending;
}

const SECTOR_BYTES = 512;

function chosenChanges(pending: readonly Change[], fate: Fate, random: () => number): readonly Change[] {
  const last = pending.at(-1);
  if (fate !== "torn" || last === undefined) return chosen(pending, fate, random);
  const before = pending.slice(0, -1);
  if (last.kind !== "write" || last.data.length <= SECTOR_BYTES) return before;
  const sectors = 1 + Math.floor(random() * Math.floor(last.data.length / SECTOR_BYTES));
  return [...before, { ...last, data: last.data.subarray(0, sectors * SECTOR_BYTES) }];
}

function changed(content: Buffer, changes: readonly Change[]): Buffer {
  if (changes.length === 0) return content;
  let length = content.length;
  for (const change of changes)
    length = Math.max(length, change.kind === "write" ? change.offset + change.data.length : change.size);
  const buffer = Buffer.alloc(length);
  content.copy(buffer);
  let size = content.length;
  for (const change of changes)
    if (change.kind === "write") {
      change.data.copy(buffer, change.offset);
      size = Math.max(size, change.offset + change.data.length);
    } else {
      if (change.size < size) buffer.fill(0, change.size, size);
      size = change.size;
    }
  return buffer.subarray(0, size);
}
