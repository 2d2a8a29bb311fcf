import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dir, "../..");
const text = await Bun.file(join(root, "docs/security/asvs.md")).text();
const rows = text
  .split("\n")
  .filter((line) => /^\| \d+\.\d+\.\d+ \|/.test(line))
  .map((line) => line.slice(2, -2).split(" | "))
  .map(([id = "", level = "", state = "", answer = "", heldBy = ""]) => ({
    id,
    level,
    state,
    answer,
    heldBy: heldBy === "" ? [] : heldBy.split("<br>"),
  }));

test("the ledger answers every requirement of levels 1 and 2, once each", () => {
  expect(rows.filter(({ level }) => level === "1")).toHaveLength(70);
  expect(rows.filter(({ level }) => level === "2")).toHaveLength(183);
  expect(new Set(rows.map(({ id }) => id)).size).toBe(253);
  for (const { id, state, answer } of rows) {
    expect([id, ["met", "part", "open", "not applicable"].includes(state)]).toEqual([id, true]);
    expect([id, answer.length > 5]).toEqual([id, true]);
  }
});

test("what is met is held by a test that is there", async () => {
  const broken: string[] = [];
  for (const { id, state, heldBy } of rows) {
    if (state === "met" && heldBy.length === 0) broken.push(`${id} is held by nothing`);
    for (const one of heldBy) {
      const [, file = "", name = ""] = /^`([\w/-]+)`: (.+)$/.exec(one.trim()) ?? [];
      const path = [`${file}.test.ts`, `${file}.ts`].map((end) => join(root, "test", end)).find(existsSync);
      if (!path || !(await Bun.file(path).text()).includes(`"${name}"`)) broken.push(`${id}: ${one}`);
    }
  }
  expect(broken).toEqual([]);
});

test("the sums at the head are those of the rows", () => {
  for (const level of ["1", "2"]) {
    const count = (state: string) => rows.filter((row) => row.level === level && row.state === state).length;
    const states = ["met", "part", "open", "not applicable"].map(count);
    const sum = states.reduce((a, b) => a + b, 0);
    expect(text).toContain(`| ${level} | ${states.join(" | ")} | ${sum} |`);
  }
});
