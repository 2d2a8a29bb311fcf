import { afterAll, afterEach, expect, spyOn, test } from "bun:test";
import { helpOf } from "../../src/commands/help.ts";
import { run } from "../../src/commands/run.ts";
import { commands } from "../../src/commands/table.ts";

const out = spyOn(console, "log").mockImplementation(() => {});
const err = spyOn(process.stderr, "write").mockImplementation(() => true);
afterEach(() => {
  out.mockClear();
  err.mockClear();
});
afterAll(() => {
  out.mockRestore();
  err.mockRestore();
});
const said = () => out.mock.calls.flat().join("\n");
const complained = () => err.mock.calls.flat().join("");

test("help names every command, and every command has help of its own", async () => {
  expect(await run(["--help"], {})).toBe(0);
  for (const { name, about } of commands) {
    expect(said()).toContain(name);
    expect(said()).toContain(about);
  }
  for (const command of commands) {
    out.mockClear();
    expect(await run([...command.name.split(" "), "--help"], {})).toBe(0);
    expect(said()).toBe(helpOf(command));
    for (const option of Object.keys(command.options)) expect(said()).toContain(`--${option}`);
  }
});

test("help is there even when the configuration is wrong", async () => {
  expect(await run(["serve", "--help"], { WAYPOST_PORT: "x" })).toBe(0);
});

test.each([
  [["frobnicate"], 'There is no command "frobnicate"'],
  [["link"], "waypost link create"],
  [["version", "--loud"], "--loud"],
  [["version", "now"], '"now" is one word too many'],
  [["link", "create"], "<destination> is missing"],
  [["link", "list", "--limit"], "--limit"],
  [["config", "--json", "--markdown"], "--json and --markdown"],
] as [string[], string][])("%j is a misuse: exit 2 and a sentence", async (argv, sentence) => {
  expect(await run(argv, {})).toBe(2);
  expect(complained()).toContain(sentence);
  expect(complained()).not.toContain("    at ");
});

test("a wrong configuration is exit 2, with every mistake", async () => {
  expect(await run(["config"], { WAYPOST_PORT: "x", WAYPOST_NOPE: "1" })).toBe(2);
  expect(complained()).toContain("WAYPOST_PORT");
  expect(complained()).toContain("WAYPOST_NOPE");
});

test("version prints the version alone", async () => {
  expect(await run(["version"], {})).toBe(0);
  expect(said()).toMatch(/^\d+\.\d+\.\d+$/);
});
