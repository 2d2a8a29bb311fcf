import { describe, expect, test } from "bun:test";
import { statSync, writeFileSync } from "node:fs";
import { openControl } from "../../src/clicks/journal/control.ts";
import { drawSalt, readSalt, saltPath, writeSalt } from "../../src/clicks/journal/salt.ts";
import { makeSegment } from "../../src/clicks/journal/segment.ts";
import { visitorHash } from "../../src/clicks/journal/visitor.ts";
import { openWriter } from "../../src/clicks/journal/writer.ts";
import { allBytes, INSTALLATION, nobodyListens, readLeft, temporaryFolder } from "./support/journal.ts";
import { domain, link, NOON, visit } from "./support/visits.ts";

const DAY_MS = 86_400_000;
const MIDNIGHT = Date.UTC(2026, 2, 23);

describe("the salt of a day", () => {
  test("outlives a restart within the day", () => {
    const folder = temporaryFolder();
    const drawn = drawSalt(NOON);
    writeSalt(folder, drawn);
    expect(readSalt(folder, NOON)).toEqual(drawn);
    expect(readSalt(folder, MIDNIGHT - 1)).toEqual(drawn);
  });

  test("is of no use on any other day", () => {
    const folder = temporaryFolder();
    writeSalt(folder, drawSalt(NOON));
    expect(readSalt(folder, MIDNIGHT)).toBeNull();
    expect(readSalt(folder, NOON - DAY_MS)).toBeNull();
    expect(readSalt(folder, NOON + 365 * DAY_MS)).toBeNull();
  });

  test("is gone without a trace once the next is kept", () => {
    const folder = temporaryFolder();
    const salts = Array.from({ length: 5 }, (_, day) => drawSalt(NOON + day * DAY_MS));
    for (const salt of salts) writeSalt(folder, salt);
    const bytes = allBytes(folder);
    expect(bytes).toHaveLength(1);
    for (const { salt } of salts.slice(0, -1))
      expect(bytes[0]!.bytes.includes(Buffer.from(salt))).toBe(false);
    expect(bytes[0]!.bytes.includes(Buffer.from(salts.at(-1)!.salt))).toBe(true);
  });

  test("is overwritten where it lies, and readable by its owner only", () => {
    const folder = temporaryFolder();
    writeSalt(folder, drawSalt(NOON));
    const { ino, mode } = statSync(saltPath(folder));
    expect(mode & 0o777).toBe(0o600);
    writeSalt(folder, drawSalt(NOON + DAY_MS));
    expect(statSync(saltPath(folder)).ino).toBe(ino);
  });

  test("that is damaged is none", () => {
    const folder = temporaryFolder();
    for (const content of ["", "x".repeat(64), "WPSALT01"]) {
      writeFileSync(saltPath(folder), content);
      expect(readSalt(folder, NOON)).toBeNull();
    }
  });
});

describe("a visitor", () => {
  const hash = visitorHash(drawSalt(NOON).salt);
  const of = (over: Parameters<typeof visit>[0]) => [...hash.of(visit(over))].join();

  test("is the same all day, and another for another address, agent or workspace", () => {
    const base = of({});
    expect(of({ at: NOON + 1000, referrer: "https://else.example", query: "a=b" })).toBe(base);
    expect(of({ address: "192.0.2.18" })).not.toBe(base);
    expect(of({ userAgent: "Other/1.0" })).not.toBe(base);
    expect(of({ link: link({ workspaceId: "ws_other" }) })).not.toBe(base);
  });

  test("is told apart by domain where there is no workspace", () => {
    const at = (id: string) => of({ link: null, domain: domain({ id, workspaceId: null }) });
    expect(at("dom_1")).not.toBe(at("dom_2"));
  });

  test("is not mixed up when one text ends where the other begins", () => {
    expect(of({ address: "10.0.0.1", userAgent: "1" })).not.toBe(of({ address: "10.0.0.11", userAgent: "" }));
  });
});

describe("two days", () => {
  /** Visitor numbers of one person at the times given, as the journal keeps them. */
  async function visitorsAt(times: number[], over: Parameters<typeof visit>[0] = {}, honorOptOut = true) {
    const folder = temporaryFolder();
    const drawn: number[] = [];
    const writer = openWriter({
      control: openControl(),
      mode: "map",
      salt: drawSalt(times[0]!),
      honorOptOut,
      ...nobodyListens,
      saltDrawn: ({ to }) => drawn.push(to),
    });
    const segment = await makeSegment(folder, 1, INSTALLATION, async () => {});
    writer.add({ number: 1, ...segment });
    for (const at of times) writer.record(visit({ at, ...over }));
    return { visitors: readLeft(segment.path).clicks.map((click) => click.visitor), drawn };
  }

  test("have nothing in common: the salt changes at midnight UTC", async () => {
    const { visitors, drawn } = await visitorsAt([NOON, MIDNIGHT - 1, MIDNIGHT, MIDNIGHT + 1]);
    expect(visitors[0]).toBe(visitors[1]!);
    expect(visitors[1]).not.toBe(visitors[2]!);
    expect(visitors[2]).toBe(visitors[3]!);
    expect(drawn).toEqual([MIDNIGHT + DAY_MS]);
  });

  test("are not torn apart by a clock that steps back over midnight for a moment", async () => {
    const { visitors, drawn } = await visitorsAt([MIDNIGHT + 5, MIDNIGHT - 5, MIDNIGHT + 6]);
    expect(new Set(visitors).size).toBe(1);
    expect(drawn).toEqual([]);
  });

  test("of a person who opted out show nobody, where the operator honours it", async () => {
    expect((await visitorsAt([NOON], { optedOut: true })).visitors).toEqual([0n]);
    expect((await visitorsAt([NOON], { optedOut: true }, false)).visitors).not.toEqual([0n]);
  });
});
