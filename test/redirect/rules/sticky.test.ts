import { expect, test } from "bun:test";
import { stickyNumber } from "../../../src/redirect/rules/sticky.ts";
import { compileRules, type StoredSplit } from "../../../src/redirect/rules.ts";
import { visitorOf } from "../visitor.ts";

const VISITORS = 100_000;

/** Σ (observed − expected)² / expected. */
const chiSquare = (observed: readonly number[], expected: readonly number[]): number =>
  observed.reduce((sum, count, i) => sum + (count - expected[i]!) ** 2 / expected[i]!, 0);

/** Upper 0.1 % of the chi-square distribution, by degrees of freedom. */
const critical: Readonly<Record<number, number>> = { 1: 10.83, 2: 13.82, 3: 16.27, 9: 27.88, 99: 148.23 };

const keys: readonly (readonly [string, (i: number) => string])[] = [
  // Always the same: by chance alone one run in a thousand would be beyond the mark.
  ["what looks like chance", (i) => new Bun.CryptoHasher("md5").update(`visitor ${i}`).digest("base64url")],
  ["numbers in a row", (i) => String(i).padStart(22, "0")],
  [
    "hashes of addresses",
    (i) => new Bun.CryptoHasher("sha256").update(`192.0.2.${i}`).digest("base64url").slice(0, 22),
  ],
];

test.each(keys)("the numbers of 100,000 visitors lie evenly: keys made of %s", (_, keyOf) => {
  const cells = new Array<number>(100).fill(0);
  for (let i = 0; i < VISITORS; i++) cells[Math.floor(stickyNumber(keyOf(i), "link_1") * 100)]!++;
  expect(
    chiSquare(
      cells,
      cells.map(() => VISITORS / 100),
    ),
  ).toBeLessThan(critical[99]!);
});

const splitOf = (...weights: number[]): StoredSplit => ({
  winnerId: null,
  variants: weights.map((weight, i) => ({
    id: `var_${i}`,
    destinationUrl: `https://example.com/${i}`,
    weight,
  })),
});
const chooseBy = (split: StoredSplit, parentId = "link_1") =>
  compileRules(
    { rules: [], split },
    { parentId, forwardQuery: false, forwardUtm: false, utm: null, ownSplit: true, loops: () => false },
  ).choose;
const withKey = (key: string, linkId = "link_1") => visitorOf({ linkId }, { dailyKey: () => key });

test.each([[[1, 1]], [[70, 30]], [[1, 2, 3, 4]], [[1, 1, 1, 1, 1, 1, 1, 1, 1, 1]], [[999, 1]]])(
  "100,000 visitors are shared out as the weights %j say, and each stays where they are",
  (weights) => {
    const choose = chooseBy(splitOf(...weights));
    const sum = weights.reduce((a, b) => a + b);
    const counts = weights.map(() => 0);
    for (let i = 0; i < VISITORS; i++) {
      const visitor = withKey(`key ${i}`);
      const { variantId } = choose(visitor)!;
      counts[Number(variantId.slice(4))]!++;
      if (i % 1000 === 0) expect(choose(withKey(`key ${i}`))!.variantId).toBe(variantId);
    }
    expect(
      chiSquare(
        counts,
        weights.map((weight) => (VISITORS * weight) / sum),
      ),
    ).toBeLessThan(critical[weights.length - 1]!);
  },
  30_000,
);

test("two splits, and a split and a percentage, share visitors out apart from each other", () => {
  const one = chooseBy(splitOf(1, 1), "link_1");
  const other = chooseBy(splitOf(1, 1), "link_2");
  const together = [0, 0, 0, 0];
  const withPercentage = [0, 0, 0, 0];
  for (let i = 0; i < VISITORS; i++) {
    const visitor = withKey(`key ${i}`);
    const first = one(visitor)!.variantId === "var_0" ? 0 : 1;
    together[first * 2 + (other(visitor)!.variantId === "var_0" ? 0 : 1)]!++;
    withPercentage[first * 2 + (visitor.percentage < 50 ? 0 : 1)]!++;
  }
  const even = together.map(() => VISITORS / 4);
  expect(chiSquare(together, even)).toBeLessThan(critical[3]!);
  expect(chiSquare(withPercentage, even)).toBeLessThan(critical[3]!);
});

test("more weight for one takes visitors from the others, and gives none of its own away", () => {
  const before = chooseBy(splitOf(1, 1));
  const after = chooseBy(splitOf(2, 1));
  let moved = 0;
  for (let i = 0; i < 10_000; i++) {
    const visitor = withKey(`key ${i}`);
    const [from, to] = [before(visitor)!.variantId, after(visitor)!.variantId];
    if (from === to) continue;
    expect([from, to]).toEqual(["var_1", "var_0"]);
    moved++;
  }
  expect(moved / 10_000).toBeCloseTo(1 / 6, 1);
});

test("the number is the one that docs/rules.md describes, for ever: visitors would change sides otherwise", () => {
  expect(stickyNumber("AAAAAAAAAAAAAAAAAAAAAA", "link_1")).toBe(
    documented("AAAAAAAAAAAAAAAAAAAAAA", "link_1"),
  );
  expect(stickyNumber("", "")).toBe(documented("", ""));
  expect(stickyNumber("ü", "link_é")).toBe(documented("ü", "link_é"));
});

/** The same with numbers of any size, cut to 32 bits after each step. */
function documented(key: string, salt: string): number {
  const cut = (n: bigint) => n & 0xffff_ffffn;
  let hash = 2166136261n;
  for (const unit of `${salt} ${key}`.split("")) hash = cut((hash ^ BigInt(unit.charCodeAt(0))) * 16777619n);
  hash = cut((hash ^ (hash >> 16n)) * 0x85ebca6bn);
  hash = cut((hash ^ (hash >> 13n)) * 0xc2b2ae35n);
  return Number(hash ^ (hash >> 16n)) / 4294967296;
}
