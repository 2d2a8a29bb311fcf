import { Database as Connection } from "bun:sqlite";
import { afterAll, afterEach, beforeAll, expect, spyOn, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openApp } from "../../src/commands/open.ts";
import { run } from "../../src/commands/run.ts";
import { sealAudit } from "../../src/features/audit/seal.ts";
import { systemClock } from "../../src/lib/clock.ts";
import { silentLog } from "../../src/lib/log.ts";
import { systemActor } from "../../src/platform/context.ts";
import { testConfig } from "../support/app.ts";

const folder = join(mkdtempSync(join(tmpdir(), "waypost-audit-")), "data");
const env = {
  WAYPOST_DATA_DIR: folder,
  WAYPOST_ALLOW_EPHEMERAL: "true",
  WAYPOST_BASE_URL: "http://links.test",
  WAYPOST_SETUP_KEY: `setup-key-${"k".repeat(40)}`,
  WAYPOST_DISK_RESERVE: "0B",
};
const out = spyOn(console, "log").mockImplementation(() => {});
const err = spyOn(process.stderr, "write").mockImplementation(() => true);
const said = () => out.mock.calls.flat().join("\n");
const complained = () => err.mock.calls.flat().join("");
const keys = join(folder, "keys.json");

beforeAll(async () => {
  const app = await openApp({ config: testConfig(env), clock: systemClock, log: silentLog });
  await app.settleSetup();
  const origin = { requestId: null, network: null, userAgent: null };
  const asked = { at: systemClock.now(), target: "", idempotencyKey: null };
  const ctx = { ...app.ports, actor: systemActor(null, []), origin, ...asked };
  await sealAudit(ctx, new AbortController().signal);
  await app.stop();
}, 20_000);
afterEach(() => {
  out.mockClear();
  err.mockClear();
});
afterAll(() => {
  out.mockRestore();
  err.mockRestore();
  rmSync(folder, { recursive: true });
});

let noted = "";

test("audit verify says that the log is as it was sealed, and what to note", async () => {
  expect(await run(["audit", "verify"], env)).toBe(0);
  expect(said()).toMatch(/\d+ events in 1 seal are as they were sealed/);
  noted = /1:[0-9a-f]{64}/.exec(said())![0];
  out.mockClear();
  expect(await run(["audit", "verify", "--expect", noted, "--json"], env)).toBe(0);
  expect(JSON.parse(said())).toMatchObject({ seal: 1, findings: [] });
});

test("audit verify fails for a seal that was noted and is another, and says so", async () => {
  expect(await run(["audit", "verify", "--expect", `1:${"0".repeat(64)}`], env)).toBe(1);
  expect(said()).toContain("seal_altered");
  out.mockClear();
  expect(await run(["audit", "verify", "--expect", `9${noted.slice(1)}`], env)).toBe(1);
  expect(said()).toContain("cut off");
  expect(await run(["audit", "verify", "--expect", "whatever"], env)).toBe(2);
  expect(complained()).toContain("--expect");
});

test("audit verify names the one row that was altered, and fails", async () => {
  const database = new Connection(join(folder, "waypost.db"));
  const [{ id }] = database.query("select id from events order by id limit 1").all() as [{ id: string }];
  database.run("update events set actor_id = 'usr_mallory' where id = ?", [id]);
  database.close();
  expect(await run(["audit", "verify"], env)).toBe(1);
  expect(said()).toContain(`altered            seal 1  ${id}`);
  expect(said()).toContain("1 finding in");
});

test("keyring list and rotate tell of keys and show none", async () => {
  expect(await run(["keyring", "rotate"], env)).toBe(0);
  expect(said()).toContain("seals what is new");
  out.mockClear();
  expect(await run(["keyring", "list"], env)).toBe(0);
  const ring = JSON.parse(readFileSync(keys, "utf8")) as { sealing: { id: string; secret: string }[] };
  expect(ring.sealing).toHaveLength(2);
  for (const { id, secret } of ring.sealing) {
    expect(said()).toContain(id);
    expect(said()).not.toContain(secret);
  }
  expect(await run(["keyring", "retire", "nosuchid"], env)).toBe(1);
  expect(complained()).toContain("There is no such sealing key.");
});

test("a lost key ring is told at the start, and given up by a word of its own alone", async () => {
  const kept = readFileSync(keys, "utf8");
  expect(await run(["keyring", "new"], env)).toBe(0);
  writeFileSync(keys, said());
  expect(await run(["keyring", "list"], env)).toBe(1);
  expect(complained()).toContain("This is not the key ring of this database");
  expect(complained()).not.toContain("    at ");
  writeFileSync(keys, kept);
  expect(await run(["keyring", "list"], env)).toBe(0);
  rmSync(keys);
  expect(await run(["keyring", "list"], env)).toBe(1);
  expect(await run(["keyring", "forget"], env)).toBe(0);
  expect(await run(["keyring", "list"], env)).toBe(0);
});
