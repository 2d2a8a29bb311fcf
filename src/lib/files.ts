import { closeSync, fsyncSync, mkdirSync, openSync, statfsSync } from "node:fs";
import { dirname, resolve } from "node:path";

export interface FileSystem {
  /** `ext4`, `tmpfs`, …; `unknown` with its number when we have never heard of it. */
  readonly name: string;
  /** True when its files end with the machine or the container. */
  readonly ephemeral: boolean;
  /** True when other machines write to it too: locks and mapped files cannot be relied on. */
  readonly network: boolean;
}

/** The file system that holds a folder. */
export function fileSystemOf(folder: string): FileSystem {
  // The system's number is signed on some machines.
  const type = statfsSync(folder).type >>> 0;
  const name = NAMES[type] ?? `unknown (0x${type.toString(16)})`;
  return { name, ephemeral: EPHEMERAL.has(name), network: NETWORK.has(name) };
}

/** Linux's own numbers, from statfs(2). ext2, ext3 and ext4 share theirs. */
const NAMES: Readonly<Record<number, string>> = {
  61267: "ext4", // 0xef53
  1481003842: "xfs", // 0x58465342
  2435016766: "btrfs", // 0x9123683e
  801189825: "zfs", // 0x2fc12fc1
  4076150800: "f2fs", // 0xf2f52010
  3393526350: "bcachefs", // 0xca451a4e
  16914836: "tmpfs", // 0x01021994
  2240043254: "ramfs", // 0x858458f6
  2035054128: "overlay", // 0x794c7630
  26985: "nfs", // 0x6969
  4283649346: "cifs", // 0xff534d42
  4266872130: "smb", // 0xfe534d42
  12805120: "ceph", // 0x00c36400
  16914839: "9p", // 0x01021997
  1702057286: "fuse", // 0x65735546
  1785031267: "virtiofs", // 0x6a656a63
  2020557398: "vboxsf", // 0x786f4256
};
const EPHEMERAL: ReadonlySet<string> = new Set(["tmpfs", "ramfs", "overlay"]);
const NETWORK: ReadonlySet<string> = new Set(["nfs", "cifs", "smb", "ceph", "9p", "virtiofs", "vboxsf"]);

/** What this process may still write to the file system of a folder. */
export function freeBytes(folder: string): number {
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize;
}

/** Makes the folder, and those above it, for this user's eyes only. One that exists is left as it is. */
export function makePrivateFolder(folder: string): void {
  const path = resolve(folder);
  const first = mkdirSync(path, { recursive: true, mode: 0o700 });
  if (first === undefined) return;
  // A folder's name is kept in the one above it, and must be on the disk before anything in it counts.
  for (let above = dirname(path); above.length >= dirname(first).length; above = dirname(above)) {
    syncFolder(above);
    if (above === dirname(above)) return;
  }
}

/** Returns when the names in a folder, new and gone, are on the disk. */
export function syncFolder(folder: string): void {
  const descriptor = openSync(folder, "r");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
