import { describe, expect, test } from "bun:test";
import { openMisses } from "../../src/redirect/misses.ts";
import type { DomainSnapshot } from "../../src/redirect/snapshot.ts";
import { domainOf, linkOf, makeRedirect } from "./world.ts";

/** A redirect behind a trusted proxy, asked by whoever the proxy names; ten misses a minute. */
function world() {
  const throttled: [domain: string, at: number][] = [];
  const made = makeRedirect({
    domains: [domainOf(), domainOf({ id: "dom_2", host: "other.test", workspaceId: "ws_2" })],
    links: { popular: linkOf(), secret: linkOf({ id: "link_2" }) },
    trusted: ["192.0.2.7"],
    ports: {
      misses: openMisses(10),
      throttled: ({ host }: DomainSnapshot, at) => void throttled.push([host, at]),
    },
  });
  const ask = async (address: string, path: string, host = "go.test") =>
    (await made.visit(path, { host, headers: { "x-forwarded-for": address } })).status;
  const guess = async (address: string, count: number) => {
    const statuses = [];
    for (let i = 0; i < count; i++) statuses.push(await ask(address, `/guess-${address}-${i}`));
    return statuses;
  };
  return { ...made, ask, guess, throttled };
}

const SCANNER = "203.0.113.5";
const VISITOR = "198.51.100.9";

describe("whoever guesses slugs", () => {
  test("is refused after so many misses, and told when to come back", async () => {
    const { guess, visit } = world();
    expect(await guess(SCANNER, 12)).toEqual([...Array(10).fill(404), 429, 429]);
    const page = await visit("/x", { headers: { "x-forwarded-for": SCANNER } });
    expect([page.status, page.headers.get("retry-after")]).toEqual([429, "60"]);
  });

  test("learns nothing from a guess that hits, however often it is made", async () => {
    const { guess, ask, lookups } = world();
    await guess(SCANNER, 10);
    const before = lookups.length;
    for (let i = 0; i < 3; i++) expect(await ask(SCANNER, "/secret")).toBe(429);
    expect(lookups).toHaveLength(before);
    expect(await ask(VISITOR, "/secret")).toBe(302);
  });

  test("costs nobody else anything, and nobody who shares the address a link that others visit", async () => {
    const { guess, ask } = world();
    expect(await ask(VISITOR, "/popular")).toBe(302);
    await guess(SCANNER, 20);
    expect(await ask(VISITOR, "/popular")).toBe(302);
    expect(await ask(VISITOR, "/missing")).toBe(404);
    expect(await ask(SCANNER, "/popular")).toBe(302);
    expect(await ask(SCANNER, "/")).toBe(200);
    expect(await ask(SCANNER, "/secret", "other.test")).toBe(302);
  });

  test("is one client by the /64 of an IPv6 address", async () => {
    const { ask } = world();
    for (let i = 0; i < 10; i++) await ask(`2001:db8:1:2::${i}`, `/six-${i}`);
    expect(await ask("2001:db8:1:2:ffff::1", "/six")).toBe(429);
    expect(await ask("2001:db8:1:3::1", "/six")).toBe(404);
  });

  test("may go on when the minute is over, or the clock was set back", async () => {
    for (const ms of [60_000, -3_600_000]) {
      const { guess, ask, clock } = world();
      await guess(SCANNER, 11);
      clock.at += ms;
      expect(await ask(SCANNER, "/secret")).toBe(302);
    }
  });

  test("is counted by domain, and is no visit", async () => {
    const { guess, throttled, visits, clock } = world();
    await guess(SCANNER, 13);
    expect(throttled).toEqual(Array(3).fill(["go.test", clock.at]));
    expect(visits).toHaveLength(10);
  });
});

test("everybody behind a proxy that nobody has named is not taken for one guesser", async () => {
  for (const address of [
    "127.0.0.1",
    "10.1.2.3",
    "172.17.0.1",
    "192.168.1.1",
    "100.64.9.9",
    "::1",
    "fd00::1",
    "fe80::1",
  ])
    expect((await world().guess(address, 12)).at(-1)).toBe(404);
});

test("without a limit nobody is refused", () => {
  const misses = openMisses(0);
  for (let i = 0; i < 1000; i++) misses.add(SCANNER, domainOf(), 1);
  expect(misses.refusesAny(1)).toBe(false);
});

test("more clients than are counted are let be, and take no memory", () => {
  const misses = openMisses(1);
  for (let i = 0; i < 100_001; i++)
    misses.add(`2001:db8:${(i >> 16).toString(16)}:${(i & 0xffff).toString(16)}::1`, domainOf(), 1);
  expect(misses.refused("2001:db8:0:0::1", "go.test", 1)).not.toBeNull();
  expect(misses.refused("2001:db8:1:86a0::1", "go.test", 1)).toBeNull();
});
