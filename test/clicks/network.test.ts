import { expect, test } from "bun:test";
import fc from "fast-check";
import { cutInto, networkText } from "../../src/clicks/journal/network.ts";
import { cutAddress } from "../../src/lib/ip.ts";

function cut(address: string): number[] {
  const bytes = new Uint8Array(8).fill(0xee);
  const length = cutInto(bytes, 1, address);
  expect(bytes[0]).toBe(0xee);
  expect(bytes[7]).toBe(0xee);
  expect([...bytes.subarray(1 + length, 7)]).toEqual(Array(6 - length).fill(0));
  return [...bytes.subarray(1, 1 + length)];
}

const nearlyV4 = fc.string({ unit: fc.constantFrom(..."0123456789.:x "), maxLength: 16 });
const parts = fc.array(fc.integer({ min: 0, max: 300 }).map(String), { minLength: 3, maxLength: 5 });

test("the quick cut of an address is the careful one's", () => {
  const any = fc.oneof(
    fc.ipV4(),
    fc.ipV6(),
    nearlyV4,
    parts.map((list) => list.join(".")),
    fc.string(),
  );
  fc.assert(
    fc.property(any, (address) => {
      expect(cut(address)).toEqual([...cutAddress(address)]);
    }),
    { numRuns: 5000 },
  );
});

test.each([
  ["192.0.2.17", "192.0.2.0/24"],
  ["0.0.0.0", "0.0.0.0/24"],
  ["255.255.255.255", "255.255.255.0/24"],
  ["2001:db8:1:2:3:4:5:6", "2001:db8:1::/48"],
  ["2001:db8::1", "2001:db8::/48"],
  ["::1", "::/48"],
  ["::ffff:192.0.2.17", "192.0.2.0/24"],
  ["192.0.2.017", ""],
  ["192.0.2.256", ""],
  ["192.0.2", ""],
  ["unknown", ""],
  ["", ""],
])("%s is written down as %s", (address, network) => {
  const bytes = new Uint8Array(6);
  expect(networkText(bytes, 0, cutInto(bytes, 0, address))).toBe(network);
});
