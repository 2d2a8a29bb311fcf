import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { decodeRecord, recordLength } from "../../src/clicks/journal/decode.ts";
import { RECORD_BYTES_MAX } from "../../src/clicks/journal/layout.ts";
import { networkText } from "../../src/clicks/journal/network.ts";
import { pageOver } from "../../src/clicks/journal/page.ts";
import { encodeVisit } from "../../src/clicks/journal/record.ts";
import { isId } from "../../src/lib/ids.ts";
import { cutAddress } from "../../src/lib/ip.ts";
import { methods, outcomes, triggers, type Visit } from "../../src/redirect/visit.ts";
import { domain, link, visit } from "./support/visits.ts";

const AT = 64;
const SEED = 7;
const visitor = Uint32Array.from([0xdead_beef, 0x0bad_cafe]);

function encoded(given: Visit) {
  const page = pageOver(new Uint8Array(new ArrayBuffer(AT + 2 * RECORD_BYTES_MAX)).fill(0xee));
  const length = encodeVisit(page, AT, SEED, given, visitor);
  return { page, length, bytes: page.bytes };
}

function roundTrip(given: Visit) {
  const { bytes, length } = encoded(given);
  expect(recordLength(bytes, AT, AT + length, SEED)).toBe(length);
  return decodeRecord(bytes, AT, length)!;
}

const id = (prefix: string) =>
  fc
    .string({ minLength: 1, maxLength: 26, unit: fc.constantFrom(..."0123456789abcdef") })
    .map((x) => prefix + x);
const text = (max: number) => fc.oneof(fc.constant(""), fc.string({ unit: "binary", maxLength: max }));
const address = fc.oneof(fc.ipV4(), fc.ipV6(), fc.constant(""), fc.string({ maxLength: 50 }));
const visits: fc.Arbitrary<Visit> = fc.record({
  at: fc.integer({ min: 0, max: 2 ** 47 }),
  domain: fc.record({ id: id("dom_"), workspaceId: fc.option(id("ws_")) }).map((over) => domain(over)),
  link: fc.option(
    fc.record({ id: id("link_"), workspaceId: id("ws_"), version: fc.nat() }).map((over) => link(over)),
  ),
  outcome: fc.constantFrom(...outcomes),
  trigger: fc.constantFrom(...triggers),
  method: fc.constantFrom(...methods),
  address,
  userAgent: text(100),
  referrer: text(200),
  language: text(15),
  purpose: text(15),
  query: text(200),
  optedOut: fc.boolean(),
  ruleId: fc.oneof(fc.constant(""), id("rule_")),
  variantId: fc.oneof(fc.constant(""), id("var_")),
});

/** Half a character at the edge cannot be written as UTF-8. */
const asUtf8 = (value: string) => new TextDecoder().decode(new TextEncoder().encode(value));

describe("a record", () => {
  test("gives back every field of the visit it was made of", () => {
    fc.assert(
      fc.property(visits, (given) => {
        const read = roundTrip(given);
        expect(read).toMatchObject({
          at: given.at,
          workspaceId: given.link?.workspaceId ?? given.domain.workspaceId ?? "",
          domainId: given.domain.id,
          linkId: given.link?.id ?? "",
          linkVersion: given.link?.version ?? 0,
          outcome: given.outcome,
          trigger: given.trigger,
          method: given.method,
          optedOut: given.optedOut,
          ruleId: given.ruleId,
          variantId: given.variantId,
          visitor: 0x0bad_cafe_dead_beefn,
          userAgent: asUtf8(given.userAgent),
          referrer: asUtf8(given.referrer),
          language: asUtf8(given.language),
          purpose: asUtf8(given.purpose),
          query: asUtf8(given.query),
        });
        const cut = cutAddress(given.address);
        expect(read.network).toBe(networkText(cut, 0, cut.length));
        expect(isId("clk", read.id)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  test("takes a multiple of eight bytes, and leaves those behind it alone", () => {
    fc.assert(
      fc.property(visits, (given) => {
        const { length, bytes } = encoded(given);
        expect(length % 8).toBe(0);
        expect(bytes.subarray(AT + length).every((byte) => byte === 0xee)).toBe(true);
      }),
      { numRuns: 200 },
    );
  });

  test("cuts long headers at the end of a character, and still fits", () => {
    const long = "é€😀".repeat(2000);
    const given = visit({ userAgent: long, referrer: long, language: long, purpose: long, query: long });
    const read = roundTrip(given);
    for (const [value, max] of [
      [read.userAgent, 512],
      [read.referrer, 1024],
      [read.language, 64],
      [read.purpose, 64],
      [read.query, 1024],
    ] as const) {
      const bytes = Buffer.byteLength(value);
      expect(bytes).toBeLessThanOrEqual(max);
      expect(bytes).toBeGreaterThan(max - 4);
      expect(long.startsWith(value)).toBe(true);
    }
    expect(encoded(given).length).toBeLessThanOrEqual(RECORD_BYTES_MAX);
  });

  test("is refused when an id is longer than a record holds", () => {
    expect(encoded(visit({ link: link({ id: "x".repeat(65) }) })).length).toBe(0);
    expect(encoded(visit({ domain: domain({ id: "x".repeat(65) }) })).length).toBe(0);
  });

  test("is no record until its first word is written", () => {
    const { bytes, length } = encoded(visit());
    bytes.writeUInt32LE(0, AT);
    expect(recordLength(bytes, AT, AT + length, SEED)).toBe(0);
  });

  test("is no record in another place, or in another segment", () => {
    const { bytes, length } = encoded(visit());
    expect(recordLength(bytes, AT, AT + length, SEED + 8)).toBe(0);
  });

  test("of an unknown version is refused, not guessed at", () => {
    const { bytes, length } = encoded(visit());
    bytes[AT + 8] = 2;
    expect(decodeRecord(bytes, AT, length)).toBeNull();
  });

  test("with a code or a length that makes no sense is refused", () => {
    for (const [offset, value] of [
      [9, outcomes.length],
      [10, triggers.length],
      [11, methods.length],
      [12, 2],
      [13, 4],
      [50, 255],
      [56, 255],
    ] as const) {
      const { bytes, length } = encoded(visit());
      bytes[AT + offset] = value;
      expect(decodeRecord(bytes, AT, length)).toBeNull();
    }
  });

  test("has an id that no other has", () => {
    const ids = new Set(Array.from({ length: 20_000 }, () => roundTripId()));
    expect(ids.size).toBe(20_000);
    function roundTripId(): string {
      const { bytes, length } = encoded(visit());
      return decodeRecord(bytes, AT, length)!.id;
    }
  });
});
