import { afterAll, afterEach, expect, spyOn, test } from "bun:test";
import { join } from "node:path";
import { configMarkdown } from "../../src/commands/config.ts";
import { run } from "../../src/commands/run.ts";
import { settings } from "../../src/config.ts";

const out = spyOn(console, "log").mockImplementation(() => {});
afterEach(() => {
  out.mockClear();
});
afterAll(() => {
  out.mockRestore();
});
const said = () => out.mock.calls.flat().join("\n");
const secret = `secret-${"x".repeat(40)}`;

test("config prints name, value, source, type, default and meaning of every setting", async () => {
  expect(await run(["config"], { WAYPOST_PORT: "9000" })).toBe(0);
  expect(said()).toContain("WAYPOST_PORT = 9000   (environment)");
  expect(said()).toContain("number 0–65535; default 8080");
  expect(said()).toContain("WAYPOST_HOST = 127.0.0.1   (default)");
  for (const name of Object.keys(settings)) expect(said()).toContain(name);
});

test.each([[], ["--json"], ["--markdown"]])("secrets are masked with %j", async (...options) => {
  const env = { WAYPOST_SETUP_KEY: secret, WAYPOST_DATABASE_URL: "postgres://w:hunter2@localhost/w" };
  expect(await run(["config", ...options], env)).toBe(0);
  expect(said()).not.toContain(secret.slice(-6));
  expect(said()).not.toContain("hunter2");
});

test("config --json is for machines", async () => {
  await run(["config", "--json"], { WAYPOST_PORT: "9000" });
  const rows = JSON.parse(said()) as { name: string; value: string; from: string }[];
  expect(rows).toHaveLength(Object.keys(settings).length);
  expect(rows.find(({ name }) => name === "WAYPOST_PORT")).toMatchObject({
    value: "9000",
    from: "environment",
  });
});

test("docs/configuration.md is what the table says", async () => {
  const written = await Bun.file(join(import.meta.dir, "../../docs/configuration.md")).text();
  expect(written.trim()).toBe(configMarkdown().trim());
});
