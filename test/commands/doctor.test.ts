import { describe, expect, test } from "bun:test";
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checkClock } from "../../src/commands/doctor/clock.ts";
import { checkDatabase } from "../../src/commands/doctor/database.ts";
import type { Finding, Patient } from "../../src/commands/doctor/finding.ts";
import { checkFolder } from "../../src/commands/doctor/folder.ts";
import { checkJournal } from "../../src/commands/doctor/journal.ts";
import { checkMail } from "../../src/commands/doctor/mail.ts";
import { checkNetwork } from "../../src/commands/doctor/network.ts";
import { checkProxies } from "../../src/commands/doctor/proxies.ts";
import { loadConfig } from "../../src/config.ts";
import { smtpSink } from "../support/smtp.ts";
import { freshSqlite } from "../support/sqlite.ts";

const NOW = Date.UTC(2026, 10, 22);

function patient(env: Record<string, string> = {}, more: Partial<Patient> = {}): Patient {
  const dataDir = mkdtempSync(join(tmpdir(), "waypost-doctor-"));
  process.on("exit", () => rmSync(dataDir, { recursive: true, force: true }));
  const { config } = loadConfig(
    { WAYPOST_ALLOW_EPHEMERAL: "true", WAYPOST_DISK_RESERVE: "1MB", ...env },
    () => "",
  );
  return { config, env, dataDir, now: NOW, running: false, ...more };
}
const found = (findings: readonly Finding[], check: string): Finding =>
  findings.find((one) => one.check === check) ?? expect.unreachable(`nothing was said of ${check}`);

test("what is wrong comes with what to do, and nothing else does", async () => {
  const one = patient({ WAYPOST_DISK_RESERVE: "900000GB", WAYPOST_TRUSTED_PROXIES: "0.0.0.0/0" });
  const all = [...checkFolder(one), ...checkProxies(one), ...(await checkNetwork(one)), ...checkJournal(one)];
  for (const { state, fix } of all) expect(fix === undefined).toBe(state === "ok");
});

describe("the data folder", () => {
  test("one that is not there yet is fine when it can be made", () => {
    const one = patient();
    expect(found(checkFolder({ ...one, dataDir: join(one.dataDir, "a/b") }), "data folder").state).toBe("ok");
  });

  test("a file in its place is not", () => {
    const one = patient();
    writeFileSync(join(one.dataDir, "file"), "");
    expect(found(checkFolder({ ...one, dataDir: join(one.dataDir, "file") }), "data folder").state).toBe(
      "fail",
    );
  });

  test("open to others: warned, with the command that closes it", () => {
    const one = patient();
    chmodSync(one.dataDir, 0o755);
    expect(found(checkFolder(one), "permissions")).toMatchObject({
      state: "warn",
      fix: `chmod 700 ${one.dataDir}`,
    });
    chmodSync(one.dataDir, 0o700);
    expect(found(checkFolder(one), "permissions").state).toBe("ok");
  });

  test("less space than the reserve fails", () => {
    expect(found(checkFolder(patient({ WAYPOST_DISK_RESERVE: "900000GB" })), "disk space").state).toBe(
      "fail",
    );
    expect(found(checkFolder(patient()), "disk space").state).toBe("ok");
  });
});

describe("the clock", () => {
  test("before this program was made: fails", () => {
    expect(checkClock(patient({}, { now: 0 }))[0]?.state).toBe("fail");
  });

  test("behind what was written already: warned", () => {
    const one = patient();
    writeFileSync(join(one.dataDir, "waypost.db"), "");
    utimesSync(join(one.dataDir, "waypost.db"), NOW / 1000 + 3600, NOW / 1000 + 3600);
    expect(checkClock(one)[0]?.state).toBe("warn");
    utimesSync(join(one.dataDir, "waypost.db"), NOW / 1000, NOW / 1000);
    expect(checkClock(one)[0]?.state).toBe("ok");
  });
});

describe("the database", () => {
  test("none yet is fine", async () => {
    expect(found(await checkDatabase(patient()), "database").state).toBe("ok");
  });

  test("a file that is no database fails", async () => {
    const one = patient();
    writeFileSync(
      join(one.dataDir, "waypost.db"),
      "certainly not a database, and long enough to be looked at",
    );
    expect(found(await checkDatabase(one), "database").state).toBe("fail");
  });

  test("a write-ahead log that somebody's reading keeps from being emptied is warned of", async () => {
    const one = patient();
    copyFileSync(freshSqlite(), join(one.dataDir, "waypost.db"));
    expect((await checkDatabase(one)).map(({ state }) => state)).toEqual(["ok", "ok"]);
    const log = join(one.dataDir, "waypost.db-wal");
    writeFileSync(log, "");
    truncateSync(log, 200_000_000);
    expect(found(await checkDatabase(one), "write-ahead log")).toMatchObject({ state: "warn" });
  });

  test("clicks that are no database fail too", async () => {
    const one = patient();
    writeFileSync(
      join(one.dataDir, "clicks.db"),
      "certainly not a database, and long enough to be looked at",
    );
    expect(found(await checkDatabase(one), "clicks").state).toBe("fail");
  });

  test("a Postgres that does not answer fails, without its password", async () => {
    const findings = await checkDatabase(
      patient({ WAYPOST_DATABASE_URL: "postgres://w:hunter2@127.0.0.1:1/w" }),
    );
    expect(found(findings, "database").state).toBe("fail");
    expect(JSON.stringify(findings)).not.toContain("hunter2");
  }, 120_000);
});

test("damaged and refused journal files are warned of", () => {
  const one = patient();
  expect(checkJournal(one)[0]?.state).toBe("ok");
  mkdirSync(join(one.dataDir, "journal/damaged"), { recursive: true });
  writeFileSync(join(one.dataDir, "journal/damaged/segment"), "");
  expect(checkJournal(one)[0]).toMatchObject({ state: "warn" });
});

describe("the port", () => {
  test("another program's: fails", async () => {
    const other = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response("hello") });
    const findings = await checkNetwork(patient({ WAYPOST_PORT: String(other.port) }));
    expect(found(findings, "port")).toMatchObject({ state: "fail" });
    await other.stop(true);
  });

  test("our own: fine", async () => {
    const own = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => Response.json({ status: "ok" }) });
    const findings = await checkNetwork(patient({ WAYPOST_PORT: String(own.port) }, { running: true }));
    expect(found(findings, "port")).toMatchObject({
      state: "ok",
      says: `127.0.0.1:${own.port} is Waypost's own.`,
    });
    await own.stop(true);
  });

  test("an address this machine does not have: fails", async () => {
    expect(found(await checkNetwork(patient({ WAYPOST_HOST: "192.0.2.1" })), "port").state).toBe("fail");
  });
});

describe("the base URL", () => {
  test("one that leads elsewhere is warned of while the server runs", async () => {
    const other = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response("a parked domain") });
    const env = { WAYPOST_BASE_URL: `http://127.0.0.1:${other.port}`, WAYPOST_PORT: "0" };
    expect(found(await checkNetwork(patient(env, { running: true })), "base URL").state).toBe("warn");
    expect(found(await checkNetwork(patient(env)), "base URL").state).toBe("ok");
    await other.stop(true);
  });
});

describe("proxies", () => {
  const state = (env: Record<string, string>) => found(checkProxies(patient(env)), "trusted proxies").state;

  test("everybody is nobody to trust", () => {
    expect(state({ WAYPOST_TRUSTED_PROXIES: "::/0" })).toBe("warn");
    expect(state({ WAYPOST_TRUSTED_PROXIES: "10.0.0.0/8" })).toBe("ok");
  });

  test("https without a trusted proxy counts everybody as the proxy", () => {
    expect(state({ WAYPOST_BASE_URL: "https://links.example.com" })).toBe("warn");
    expect(state({ WAYPOST_BASE_URL: "http://localhost:8080" })).toBe("ok");
  });

  test("a proxy on the way out is told", () => {
    const env = { HTTPS_PROXY: "http://proxy:3128" };
    expect(found(checkProxies(patient({}, { env })), "outbound proxy").says).toContain("and not used");
  });

  test("a door that is open to all of the network is told", () => {
    const told = (allow: string) =>
      checkProxies(patient({ WAYPOST_OUTBOUND_ALLOW: allow })).some(
        ({ check }) => check === "outbound requests",
      );
    expect([told("10.0.0.0/8,::/0"), told("10.0.0.0/8")]).toEqual([true, false]);
  });
});

describe("mail", () => {
  const checked = async (env: Record<string, string>) => found(await checkMail(patient(env)), "mail");

  test("without a mail server all is well, and it says where mail is", async () => {
    expect(await checked({})).toMatchObject({ state: "ok", says: expect.stringContaining("mail list") });
  });

  test("a server that takes mail is fine; one that is away, or has no TLS, fails with what to do", async () => {
    const sink = await smtpSink();
    const url = `smtp://127.0.0.1:${sink.port}`;
    expect((await checked({ WAYPOST_SMTP_URL: url, WAYPOST_SMTP_TLS: "optional" })).state).toBe("ok");
    const strict = await checked({ WAYPOST_SMTP_URL: url });
    expect(strict).toMatchObject({ state: "fail", says: expect.stringContaining("WAYPOST_SMTP_TLS") });
    await sink.close();
    expect((await checked({ WAYPOST_SMTP_URL: url })).state).toBe("fail");
  });
});
