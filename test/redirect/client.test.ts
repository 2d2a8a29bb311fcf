import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { clientAddress, parseNetwork } from "../../src/lib/ip.ts";
import { parseIpv4 } from "../../src/lib/ipv4.ts";
import { clientReader } from "../../src/redirect/client.ts";

const networks = (...texts: string[]) => texts.map((text) => parseNetwork(text)!);

function read(peer: string, forwarded: string | null, trusted: string[]): string {
  const request = new Request("http://a/", {
    headers: forwarded === null ? {} : { "x-forwarded-for": forwarded },
  });
  return clientReader(networks(...trusted))(request, { requestIP: () => ({ address: peer }) });
}

test.each([
  ["203.0.113.9", "1.2.3.4", [], "203.0.113.9"],
  ["203.0.113.9", "1.2.3.4", ["10.0.0.0/8"], "203.0.113.9"],
  ["10.0.0.1", "1.2.3.4", ["10.0.0.0/8"], "1.2.3.4"],
  ["::ffff:10.0.0.1", "1.2.3.4", ["10.0.0.0/8"], "1.2.3.4"],
  ["10.0.0.1", "9.9.9.9, 1.2.3.4", ["10.0.0.0/8"], "1.2.3.4"],
  ["10.0.0.1", "1.2.3.4, 10.0.0.2", ["10.0.0.0/8"], "1.2.3.4"],
  ["10.0.0.1", null, ["10.0.0.0/8"], "10.0.0.1"],
  ["10.0.0.1", "junk", ["10.0.0.0/8"], "10.0.0.1"],
  ["10.0.0.1", "01.2.3.4", ["10.0.0.0/8"], "10.0.0.1"],
  ["10.0.0.1", "[2001:db8::1]:443", ["10.0.0.0/8"], "2001:db8::1"],
  ["::1", "1.2.3.4", ["::1"], "1.2.3.4"],
])("peer %p saying %p through %p is %p", (peer, forwarded, trusted, expected) =>
  expect(read(peer, forwarded, trusted)).toBe(expected),
);

test("behind a loopback address nobody is asked who it is, and what is trusted stays the same", () => {
  const request = new Request("http://a/", { headers: { "x-forwarded-for": "1.2.3.4" } });
  const nobody = {
    requestIP: () => {
      throw new Error("asked");
    },
  };
  for (const here of ["127.0.0.1", "127.0.0.53", "::1"]) {
    expect(clientReader(networks("127.0.0.0/8", "::1"), here)(request, nobody)).toBe("1.2.3.4");
    expect(clientReader(networks("10.0.0.0/8"), here)(request, nobody)).toBe(here);
    expect(clientReader([], here)(request, nobody)).toBe(here);
  }
  for (const anywhere of ["0.0.0.0", "::", "localhost", "1127.0.0.1"])
    expect(clientReader([], anywhere)(request, { requestIP: () => ({ address: "::ffff:8.8.8.8" }) })).toBe(
      "8.8.8.8",
    );
});

describe("the quick way and the long way", () => {
  const octet = fc.oneof(fc.nat(300).map(String), fc.constantFrom("00", "01", "", " 1", "1e1", "0x1"));
  const hop = fc.oneof(
    fc.array(octet, { minLength: 3, maxLength: 5 }).map((octets) => octets.join(".")),
    fc.ipV4(),
    fc.ipV6(),
    fc.constantFrom("10.1.2.3", "10.1.2.3:80", '"1.2.3.4"', "unknown", "", " "),
  );
  const header = fc
    .array(hop, { maxLength: 4 })
    .chain((hops) => fc.constantFrom(hops.join(","), hops.join(", ")));

  test("agree on every header", () => {
    const trusted = networks("10.0.0.0/8", "192.168.7.0/25", "fd00::/8");
    const addressOf = clientReader(trusted);
    fc.assert(
      fc.property(
        fc.constantFrom("10.0.0.1", "::ffff:10.0.0.1", "8.8.8.8", "fd00::1"),
        header,
        (peer, forwarded) => {
          const request = new Request("http://a/", { headers: { "x-forwarded-for": forwarded } });
          const quick = addressOf(request, { requestIP: () => ({ address: peer }) });
          expect(quick).toBe(clientAddress(peer, request.headers.get("x-forwarded-for"), trusted));
        },
      ),
      { numRuns: 3000 },
    );
  });

  test("an oversized header is not believed", () =>
    expect(read("10.0.0.1", `${"9.9.9.9, ".repeat(300)}1.2.3.4`, ["10.0.0.0/8"])).toBe("10.0.0.1"));
});

test("numbers of addresses", () => {
  expect(parseIpv4("255.255.255.255")).toBe(0xffffffff);
  for (const text of ["", "1.2.3", "1.2.3.4.5", "1.2.3.256", "1..2.3", "01.2.3.4", "1.2.3.4 ", "a.b.c.d"])
    expect(parseIpv4(text)).toBe(-1);
});
