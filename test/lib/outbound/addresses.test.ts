import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { networkInterfaces } from "node:os";
import { ipv4Within, isPublic, ownAddresses } from "../../../src/lib/outbound/addresses.ts";
import { parseAllowance } from "../../../src/lib/outbound/allow.ts";
import { openOutbound } from "../../../src/lib/outbound/outbound.ts";
import { publicPolicy, targetOf } from "../../../src/lib/outbound/policy.ts";
import { type DnsServer, openDns } from "../../support/dns.ts";
import { failureOf } from "./failure.ts";

/** The special-purpose registries of IANA, and what else leads inside. First, middle and last of each are refused. */
const blocks = [
  ...["0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12"],
  ...[
    "192.0.0.0/24",
    "192.0.2.0/24",
    "192.31.196.0/24",
    "192.52.193.0/24",
    "192.88.99.0/24",
    "192.168.0.0/16",
  ],
  ...["192.175.48.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4"],
  ...["::/128", "::1/128", "::/96", "::ffff:0:0/96", "::ffff:0:0:0/96", "64:ff9b::/96", "64:ff9b:1::/48"],
  ...[
    "100::/64",
    "100:0:0:1::/64",
    "2001::/32",
    "2001:2::/48",
    "2001:10::/28",
    "2001:20::/28",
    "2001:30::/28",
  ],
  ...["2001:1::/32", "2001:3::/32", "2001:4:112::/48", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48"],
  ...["3fff::/20", "5f00::/16", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8", "4000::/3", "e000::/4"],
];

/** Single ones that are asked for by name: metadata services, and IPv4 in the clothes of IPv6. */
const singles = [
  ...[
    "169.254.169.254",
    "168.63.129.16",
    "100.100.100.200",
    "192.0.0.192",
    "fd00:ec2::254",
    "255.255.255.255",
  ],
  ...["::ffff:127.0.0.1", "::ffff:7f00:1", "::ffff:8.8.8.8", "::127.0.0.1", "::7f00:1", "64:ff9b::7f00:1"],
  ...["64:ff9b::10.0.0.1", "2002:7f00:1::", "2002:a9fe:a9fe::1", "2001:0:4136:e378:8000:63bf:3fff:fdd2"],
  ...["fe80::1", "ff02::1", "::ffff:169.254.169.254"],
];

const reachable = [
  ...[
    "1.1.1.1",
    "8.8.8.8",
    "9.9.9.9",
    "93.184.216.34",
    "11.0.0.0",
    "100.63.255.255",
    "100.128.0.0",
    "126.255.255.255",
  ],
  ...[
    "128.0.0.1",
    "169.253.255.255",
    "172.15.255.255",
    "172.32.0.0",
    "192.0.1.0",
    "192.167.255.255",
    "198.17.255.255",
  ],
  ...[
    "198.20.0.0",
    "203.0.114.0",
    "223.255.255.255",
    "168.63.129.17",
    "2606:4700:4700::1111",
    "2001:4860:4860::8888",
  ],
  ...[
    "2620:fe::fe",
    "2a00:1450:4001:81b::200e",
    "2400:cb00:2048:1::c629:d7a2",
    "2001:200::1",
    "2003::1",
    "3ffe::1",
  ],
];

const refusedOnes = [...new Set([...blocks.flatMap(edgesOf), ...singles])];

test("every special-purpose address is refused: first, middle and last of each block", () => {
  expect(refusedOnes.length).toBeGreaterThanOrEqual(110);
  expect(refusedOnes.filter(isPublic)).toEqual([]);
});

test("addresses of the public internet are let pass, beside the blocks too", () => {
  expect(reachable.length).toBeGreaterThanOrEqual(20);
  expect(reachable.filter((address) => !isPublic(address))).toEqual([]);
});

test("what is no address is not public", () => {
  for (const text of ["", "x", "1.2.3", "0177.0.0.1", "fe80::1%eth0", "2606:4700:4700::1111%lo", "[::1]"])
    expect(isPublic(text)).toBe(false);
});

test("the machine's own addresses are refused, public ones too, in every spelling", () => {
  const now = Object.values(networkInterfaces()).flatMap((list) => list?.map(({ address }) => address) ?? []);
  expect(now.length).toBeGreaterThan(0);
  expect(ownAddresses()).toEqual(now.map((address) => address.replace(/%.*/, "")));
  const own = ownAddresses({ eth0: [{ address: "93.184.216.34" }, { address: "2606:4700:0:0::1%eth0" }] });
  const vet = (address: string) => () =>
    publicPolicy({ allow: [], deny: [], plain: false, own: () => own }).vet(targetOf("https://x.test"), [
      address,
    ]);
  for (const address of ["93.184.216.34", "2606:4700::1", "2606:4700:0000::0001"])
    expect(vet(address)).toThrow("This address may not be asked");
  for (const address of ["93.184.216.35", "2606:4700::2"]) expect(vet(address)).not.toThrow();
});

test("one refused address among public ones refuses the host", () => {
  const vet = (...addresses: string[]) =>
    publicPolicy({ allow: [], deny: [], plain: false, own: () => [] }).vet(
      targetOf("https://x.test"),
      addresses,
    );
  expect(() => vet("93.184.216.34", "1.1.1.1", "2606:4700::1")).not.toThrow();
  expect(() => vet("93.184.216.34", "1.1.1.1", "10.0.0.1")).toThrow("This address may not be asked");
  expect(() => vet("::1", "93.184.216.34")).toThrow("This address may not be asked");
});

test("what is opened inside opens neither http nor further ports of the public internet", () => {
  const allow = ["10.0.0.0/8", "10.0.0.1:25"].map((one) => parseAllowance(one)!);
  const policy = publicPolicy({ allow, deny: [], plain: false, own: () => [] });
  const vet = (url: string, address: string) => () => policy.vet(targetOf(url), [address]);
  expect(vet("http://x.test", "10.0.0.1")).not.toThrow();
  expect(vet("http://x.test", "93.184.216.34")).toThrow("Only https:// addresses may be asked.");
  expect(vet("https://x.test:25", "10.0.0.1")).not.toThrow();
  expect(vet("https://x.test:25", "93.184.216.34")).toThrow("Port 25 may not be asked.");
  expect(vet("https://x.test:25", "10.0.0.2")).toThrow("This address may not be asked");
});

test("an IPv4 address inside an IPv6 one is found", () => {
  const cases = [
    ["64:ff9b::7f00:1", "127.0.0.1"],
    ["64:ff9b:1::a00:1", "10.0.0.1"],
    ["::a00:1", "10.0.0.1"],
    ["2002:a9fe:a9fe::1", "169.254.169.254"],
    ["::1", null],
    ["::", null],
    ["2606:4700:4700::1111", null],
    ["10.0.0.1", null],
  ] as const;
  for (const [address, within] of cases) expect([address, ipv4Within(address)]).toEqual([address, within]);
});

describe("through the door", () => {
  let dns: DnsServer;
  let answer: string;
  beforeAll(async () => {
    dns = await openDns(() => ({ addresses: [answer] }));
  });
  afterAll(() => dns.close());

  test("each is refused as it is written and as the answer of DNS, in one and the same sentence", async () => {
    const door = openOutbound({ dnsServers: [dns.at] });
    const sentences = new Set<string>();
    for (const address of refusedOnes) {
      const written = await failureOf(door.request({ url: `https://${inUrl(address)}/` }));
      answer = address;
      const resolved = await failureOf(door.request({ url: "https://receiver.test/" }));
      expect([address, written.kind, resolved.kind]).toEqual([address, "refused", "refused"]);
      sentences.add(written.message).add(resolved.message);
    }
    expect([...sentences]).toEqual(["This address may not be asked: it is not on the public internet."]);
  }, 60_000);

  test("public addresses that the operator denied are refused alike", async () => {
    const door = openOutbound({ dnsServers: [dns.at], deny: ["93.184.216.0/24"] });
    answer = "93.184.216.34";
    const { kind, message } = await failureOf(door.request({ url: "https://receiver.test/" }));
    expect([kind, message]).toEqual([
      "refused",
      "This address may not be asked: it is not on the public internet.",
    ]);
  });
});

const inUrl = (address: string): string => (address.includes(":") ? `[${address}]` : address);

/** First, middle and last of a block, by arithmetic of its own. */
function edgesOf(block: string): string[] {
  const [text = "", bits = ""] = block.split("/");
  const size = text.includes(":") ? 128n : 32n;
  const first = numberOf(text);
  const last = first + (1n << (size - BigInt(bits))) - 1n;
  return [first, (first + last) / 2n, last].map((value) => (size === 32n ? dotted(value) : colons(value)));
}

function numberOf(text: string): bigint {
  if (!text.includes(":")) return text.split(".").reduce((sum, part) => sum * 256n + BigInt(part), 0n);
  const [left = "", right = ""] = text.split("::");
  const [before, after] = [left, right].map((side) => side.split(":").filter(Boolean)) as [
    string[],
    string[],
  ];
  const groups = [...before, ...Array<string>(8 - before.length - after.length).fill("0"), ...after];
  return groups.reduce((sum, group) => sum * 65_536n + BigInt(`0x${group}`), 0n);
}

function dotted(value: bigint): string {
  return [24n, 16n, 8n, 0n].map((shift) => String((value >> shift) & 255n)).join(".");
}

function colons(value: bigint): string {
  const groups = [112n, 96n, 80n, 64n, 48n, 32n, 16n, 0n].map((shift) => (value >> shift) & 65_535n);
  return groups.map((group) => group.toString(16)).join(":");
}
