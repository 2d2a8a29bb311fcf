import { expect, test } from "bun:test";
import { statSync } from "node:fs";
import { join } from "node:path";
import { fileSystemOf, freeBytes, makePrivateFolder } from "../../src/lib/files.ts";
import { freshFolder } from "../support/sqlite.ts";

test("the data folder is for one user's eyes only, and so is every folder made on the way to it", () => {
  const root = freshFolder();
  const folder = join(root, "a", "b", "c");
  makePrivateFolder(folder);
  for (const made of [folder, join(root, "a", "b"), join(root, "a")])
    expect(statSync(made).mode & 0o777).toBe(0o700);
  makePrivateFolder(folder);
});

test("memory is known to be ephemeral, and a disk not", () => {
  expect(fileSystemOf("/dev/shm")).toEqual({ name: "tmpfs", ephemeral: true, network: false });
  expect(fileSystemOf("/proc").name).toBe("unknown (0x9fa0)");
});

test("free space is a number of bytes", () => {
  expect(freeBytes(freshFolder())).toBeGreaterThan(1_000_000);
});
