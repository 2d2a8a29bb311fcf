import { statfsSync } from "node:fs";

/**
 * File systems where a mapped journal is known to be safe: writing zeros reserves the blocks, and a mapping is
 * the same memory as the file for everybody. Numbers as statfs(2) gives them.
 */
const mappable: Readonly<Record<number, string>> = {
  61267: "ext2/ext3/ext4",
  1481003842: "xfs",
  16914836: "tmpfs",
};

export type JournalMode = "map" | "write";

/**
 * How to write the journal in a folder. Everything unknown gets `write`: copy-on-write file systems reserve
 * nothing for zeros, so a mapped store would end the process when the disk is full, and network, overlay and
 * FUSE mounts promise nothing about mappings.
 */
export function journalMode(folder: string, setting: "auto" | JournalMode): JournalMode {
  if (setting !== "auto") return setting;
  return statfsSync(folder).type in mappable ? "map" : "write";
}
