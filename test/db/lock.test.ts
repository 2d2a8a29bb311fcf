import { expect, test } from "bun:test";
import { DataFolderInUse, lockFolder } from "../../src/db/lock.ts";
import { freshFolder } from "../support/sqlite.ts";

const start = (folder: string, ...wrapper: string[]) =>
  Bun.spawn([...wrapper, process.execPath, `${import.meta.dir}/lock-holder.ts`, folder], {
    stdout: "pipe",
    stderr: "inherit",
  });

async function firstLine(child: ReturnType<typeof start>): Promise<string> {
  for await (const chunk of child.stdout) return new TextDecoder().decode(chunk).trim();
  return "";
}

test("a second process is refused by name, and told which folder", async () => {
  const folder = freshFolder();
  const first = start(folder);
  expect(await firstLine(first)).toBe("held");
  expect(() => lockFolder(folder)).toThrow(DataFolderInUse);
  expect(await firstLine(start(folder))).toContain(
    `DataFolderInUse: Another Waypost process is using the folder ${folder}`,
  );
  first.kill("SIGKILL");
  await first.exited;
});

test("of five that start at once exactly one serves", async () => {
  const folder = freshFolder();
  const children = Array.from({ length: 5 }, () => start(folder));
  const lines = await Promise.all(children.map(firstLine));
  expect(lines.filter((line) => line === "held")).toHaveLength(1);
  expect(lines.filter((line) => line.startsWith("DataFolderInUse"))).toHaveLength(4);
  for (const child of children) child.kill("SIGKILL");
});

test("a killed process leaves nothing to clean up", async () => {
  const folder = freshFolder();
  for (let i = 0; i < 5; i++) {
    const child = start(folder);
    expect(await firstLine(child)).toBe("held");
    child.kill("SIGKILL");
    await child.exited;
    lockFolder(folder).release();
  }
});

test("a process in another PID namespace is refused as well", async () => {
  const canUnshare =
    Bun.spawnSync(["unshare", "--user", "--map-root-user", "--pid", "--fork", "true"]).exitCode === 0;
  if (!canUnshare) return console.log("skipped: this machine has no namespaces");
  const folder = freshFolder();
  const lock = lockFolder(folder);
  const other = start(folder, "unshare", "--user", "--map-root-user", "--pid", "--net", "--fork");
  expect(await firstLine(other)).toStartWith("DataFolderInUse");
  lock.release();
});

test("a lock that was released can be taken again", () => {
  const folder = freshFolder();
  lockFolder(folder).release();
  lockFolder(folder).release();
});

test("a folder that is not there is an error of its own, not a lock", () => {
  expect(() => lockFolder("/nowhere/at/all")).toThrow("cannot be locked");
});
