import { expect, test } from "bun:test";
import { clientAddress, cutAddress, networkOf, parseNetwork } from "../../src/lib/ip.ts";

const trust = (...networks: string[]) => networks.map((one) => parseNetwork(one)!);
const PEER = "203.0.113.9";

/** Everything people and attackers write into the header. */
const headers = [
  null,
  "",
  " ",
  ",",
  ",,",
  "198.51.100.1",
  " 198.51.100.1 ",
  "198.51.100.1, 10.0.0.1",
  "198.51.100.1,10.0.0.1,",
  "10.0.0.1",
  "10.0.0.1, 10.0.0.2",
  "unknown",
  "unknown, 198.51.100.1",
  "198.51.100.1, unknown",
  "_hidden",
  "198.51.100.1:4711",
  "[2001:db8::1]:4711",
  "[2001:db8::1]",
  "2001:db8::1",
  '"198.51.100.1"',
  '"[2001:db8::1]:1"',
  "::ffff:198.51.100.1",
  "[::ffff:198.51.100.1]:1",
  "198.51.100.256",
  "198.51.100",
  "198.51.100.1.1",
  "0198.51.100.1",
  "0x7f.0.0.1",
  "2130706433",
  "127.1",
  "localhost",
  "fe80::1%eth0",
  "::1",
  "for=198.51.100.1",
  "198.51.100.1;198.51.100.2",
  "198.51.100.1\t,\t10.0.0.1",
  "evil, 198.51.100.1, 10.0.0.1",
  "<script>",
  "198.51.100.1 198.51.100.2",
  "1".repeat(2000),
  "198.51.100.1,".repeat(1000),
  "٤.٤.٤.٤",
  "①.①.①.①",
  "198.51.100.-1",
  "1e3.0.0.1",
  "::",
  "2001:db8::g",
  "[2001:db8::1",
];

test("what a stranger writes into X-Forwarded-For changes nothing, in any of its shapes", () => {
  for (const header of headers) {
    expect(clientAddress(PEER, header, [])).toBe(PEER);
    expect(clientAddress(PEER, header, trust("10.0.0.0/8"))).toBe(PEER);
  }
});

test("through trusted proxies it is the right-most hop that none of them vouches for", () => {
  const trusted = trust("203.0.113.0/24", "10.0.0.0/8");
  const cases: [string | null, string][] = [
    [null, PEER],
    ["", PEER],
    ["198.51.100.1", "198.51.100.1"],
    ["6.6.6.6, 198.51.100.1, 10.0.0.1", "198.51.100.1"],
    ["198.51.100.1:4711", "198.51.100.1"],
    ["[2001:db8::1]:4711", "2001:db8::1"],
    ["::ffff:198.51.100.1", "198.51.100.1"],
    ['"198.51.100.1"', "198.51.100.1"],
    ["10.0.0.7, 10.0.0.1", "10.0.0.7"],
    // Beyond a hop that is no address nothing can be believed.
    ["198.51.100.1, unknown", PEER],
    ["198.51.100.1, unknown, 10.0.0.1", "10.0.0.1"],
    ["198.51.100.1,".repeat(1000), PEER],
  ];
  for (const [header, wanted] of cases)
    expect([header?.slice(0, 40), clientAddress(PEER, header, trusted)]).toEqual([
      header?.slice(0, 40),
      wanted,
    ]);
  for (const header of headers) expect(clientAddress(PEER, header, trusted)).toMatch(/^[0-9a-f.:]+$/);
});

test("a mapped peer is the IPv4 address it is", () => {
  expect(clientAddress("::ffff:203.0.113.9", null, [])).toBe(PEER);
  expect(clientAddress("::ffff:203.0.113.9", "198.51.100.1", trust("203.0.113.9"))).toBe("198.51.100.1");
});

test("no more than /24 or /48 of an address is ever left", () => {
  expect(networkOf("203.0.113.77")).toBe("203.0.113.0/24");
  expect(networkOf("2001:db8:1:2:3:4:5:6")).toBe("2001:db8:1::/48");
  expect([...cutAddress("::ffff:203.0.113.77")]).toEqual([203, 0, 113]);
  for (const nonsense of ["", "x", "1.2.3", "fe80::1%eth0"]) expect(networkOf(nonsense)).toBe("");
});

test("networks are written as addresses with or without a length, and nothing else", () => {
  for (const good of ["10.0.0.0/8", "10.0.0.1", "::1", "2001:db8::/32", " 127.0.0.1 "])
    expect(parseNetwork(good)).not.toBeNull();
  for (const bad of [
    "",
    "10.0.0.0/33",
    "::/129",
    "10.0.0.0/-1",
    "10.0.0.0/8/8",
    "host",
    "10.0.0",
    "10.0.0.0/",
  ])
    expect(parseNetwork(bad)).toBeNull();
});
