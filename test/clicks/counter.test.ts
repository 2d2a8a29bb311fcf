import { describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openControl } from "../../src/clicks/journal/control.ts";
import { makeSegment, segmentName } from "../../src/clicks/journal/segment.ts";
import type { ClickStore } from "../../src/clicks/store.ts";
import { countLeft } from "./support/counter.ts";
import { INSTALLATION, segmentWith, temporaryFolder, writerFor } from "./support/journal.ts";
import { domain, visit } from "./support/visits.ts";

/** A data folder with a writer at work in it. */
async function atWork(segments: number) {
  const dataDir = temporaryFolder();
  const journal = join(dataDir, "journal");
  mkdirSync(journal);
  const control = openControl();
  const writer = writerFor(control);
  for (let number = 1; number <= segments; number++)
    writer.add({ number, ...(await makeSegment(journal, number, INSTALLATION, async () => {})) });
  const record = (count: number) => {
    for (let i = 0; i < count; i++) expect(typeof writer.record(visit())).toBe("number");
  };
  return { dataDir, journal, control, record };
}

const countIn = async (store: ClickStore) => {
  const { rows } = await store.query({
    workspaceId: domain().workspaceId!,
    from: 0,
    to: Number.MAX_SAFE_INTEGER,
    timezone: "UTC",
    where: {},
    limit: 1,
  });
  return rows[0]!.all;
};

describe("a counter", () => {
  test("that is started anew while visits come in goes on where the last one was", async () => {
    const { dataDir, journal, control, record } = await atWork(2);
    record(500);
    const first = await countLeft(dataDir, undefined, control);
    expect(await countIn(first.store)).toBe(500);
    await first.store.close();
    record(300);
    // A segment the keeper is just making belongs to this process too.
    writeFileSync(join(journal, "0000000003.new"), "");
    const second = await countLeft(dataDir, undefined, control);
    expect(await countIn(second.store)).toBe(800);
    record(5);
    await second.counter.ask({ name: "settled" });
    expect(await countIn(second.store)).toBe(805);
    expect(second.quarantined()).toBe(0);
    expect(existsSync(join(journal, segmentName(1)))).toBe(true);
    expect(existsSync(join(journal, "0000000003.new"))).toBe(true);
    await second.counter.ask({ name: "stop" });
  });

  test("lets go of a segment once the writer has left it, and of the last one at a clean stop", async () => {
    const { dataDir, journal, control, record } = await atWork(2);
    record(1);
    while (control.current() < 2) record(1);
    const { counter } = await countLeft(dataDir, undefined, control);
    expect([1, 2].map((number) => existsSync(join(journal, segmentName(number))))).toEqual([false, true]);
    await counter.ask({ name: "stop" });
    expect(existsSync(join(journal, segmentName(2)))).toBe(false);
  });

  test("keeps a segment until what was folded of it would survive a power cut", async () => {
    const { dataDir, journal, control, record } = await atWork(2);
    record(1);
    while (control.current() < 2) record(1);
    const { openColumns } = await import("../../src/clicks/columns/store.ts");
    let isFailing = true;
    const rows = openColumns(dataDir);
    const durable = () => (isFailing ? Promise.reject(new Error("input/output error")) : rows.durable());
    const folding = countLeft(dataDir, { ...rows, durable }, control);
    await expect(folding).rejects.toThrow("input/output error");
    expect(existsSync(join(journal, segmentName(1)))).toBe(true);
    isFailing = false;
    const { counter, store } = await countLeft(dataDir, { ...rows, durable }, control);
    const counted = await countIn(store);
    await counter.ask({ name: "stop" });
    expect(counted).toBeGreaterThan(20_000);
  });

  test("goes on, and says so, when somebody has removed a segment under it", async () => {
    const { dataDir, journal, control, record } = await atWork(2);
    record(1);
    while (control.current() < 2) record(1);
    rmSync(join(journal, segmentName(1)));
    const { counter, store, quarantined } = await countLeft(dataDir, undefined, control);
    expect(await countIn(store)).toBe(1);
    expect(quarantined()).toBe(1);
    await counter.ask({ name: "stop" });
  });

  test("counts a damaged stretch once, however often the store refuses what is around it", async () => {
    const dataDir = temporaryFolder();
    const journal = join(dataDir, "journal");
    const { path, ends } = await segmentWith(journal, [visit(), visit(), visit()]);
    const bytes = readFileSync(path);
    bytes[ends[1]! - 9]! ^= 1;
    writeFileSync(path, bytes);
    const { openColumns } = await import("../../src/clicks/columns/store.ts");
    const rows = openColumns(dataDir);
    let refusals = 3;
    const refusing = (work: () => Promise<void>) =>
      refusals-- > 0 ? Promise.reject(new Error("input/output error")) : work();
    const append: ClickStore["append"] = (clicks, upTo) => refusing(() => rows.append(clicks, upTo));
    let undurable = 2;
    const durable = () =>
      undurable-- > 0 ? Promise.reject(new Error("input/output error")) : rows.durable();
    const { counter, quarantined } = await countLeft(dataDir, { ...rows, append, durable }, undefined, 5);
    expect(quarantined()).toBe(1);
    expect(readdirSync(join(journal, "damaged"))).toHaveLength(1);
    expect(await countIn(rows)).toBe(2);
    await counter.ask({ name: "stop" });
  });
});
