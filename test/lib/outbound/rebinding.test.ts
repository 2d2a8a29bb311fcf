import { afterAll, beforeAll, beforeEach, expect, test } from "bun:test";
import { Resolver } from "node:dns/promises";
import { get } from "node:http";
import { isPublic } from "../../../src/lib/outbound/addresses.ts";
import { openOutbound } from "../../../src/lib/outbound/outbound.ts";
import { type Asked, type DnsServer, openDns, type Zone } from "../../support/dns.ts";
import { answer, openReceiver, type Receiver } from "../../support/receiver.ts";

/** Stands for the public internet: the one loopback address that is open. */
const OUTSIDE = "127.0.0.2";
/** Stands for what is inside, with a receiver that must never hear of anything. */
const INSIDE = "127.0.0.1";

let dns: DnsServer;
let outside: Receiver;
let inside: Receiver[];
let asked = 0;

/** What an attacker's DNS server says; the first label of the name chooses. */
const attacks: Readonly<Record<string, (type: Asked) => Zone>> = {
  // Good when it is looked at, inside when it is connected to.
  flips: () => ({ addresses: [asked++ % 2 === 0 ? OUTSIDE : INSIDE] }),
  // The other way round, so that neither order helps.
  flops: () => ({ addresses: [asked++ % 2 === 0 ? INSIDE : OUTSIDE] }),
  both: () => ({ addresses: [OUTSIDE, INSIDE] }),
  mixed: (type) => ({ addresses: type === "A" ? [OUTSIDE] : ["::1"] }),
  mapped: (type) => ({ addresses: type === "A" ? [OUTSIDE] : ["::ffff:127.0.0.1"] }),
  alias: () => ({ alias: "inner.test", addresses: [INSIDE] }),
  chance: () => ({ addresses: [Math.random() < 0.5 ? OUTSIDE : INSIDE] }),
  good: (type) => ({ addresses: type === "A" ? [OUTSIDE] : [] }),
};

beforeAll(async () => {
  dns = await openDns((name, type) => attacks[name.split(".")[0]!]!(type));
  outside = await openReceiver(() => answer(200, "outside"), { host: OUTSIDE });
  inside = [
    await openReceiver(() => answer(200, "inside"), { host: INSIDE, port: outside.port }),
    await openReceiver(() => answer(200, "inside"), { host: "::1", port: outside.port }),
  ];
});
beforeEach(() => {
  asked = 0;
});
afterAll(async () => {
  dns.close();
  await Promise.all([outside, ...inside].map((one) => one.close()));
});

const connectionsInside = () => inside.reduce((sum, one) => sum + one.connections, 0);

test("of 10,000 attempts by a rebinding DNS server none reaches an inner address", async () => {
  const door = openOutbound({ dnsServers: [dns.at], allow: [`${OUTSIDE}/32`] });
  const names = Object.keys(attacks);
  const outcomes = new Map<string, number>();
  let attempt = 0;
  await Promise.all(
    Array.from({ length: 16 }, async () => {
      while (attempt < 10_000) {
        const name = names[attempt++ % names.length]!;
        const outcome = await door.request({ url: `http://${name}.test:${outside.port}/` }).then(
          // The address is the socket's own word for its other end.
          ({ address, text }) => `${text()} at ${address}`,
          ({ kind }: { kind: string }) => kind,
        );
        outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
      }
    }),
  );
  expect(connectionsInside()).toBe(0);
  expect([...outcomes.keys()].sort()).toEqual([`outside at ${OUTSIDE}`, "refused"]);
  expect([...outcomes.values()].reduce((sum, count) => sum + count)).toBe(10_000);
  // A connection for each: none is kept for an address that DNS may have taken back.
  expect(outside.connections).toBe(outcomes.get(`outside at ${OUTSIDE}`)!);
  // Both happen often: those that were answered were connected to, and most of the bad ones were seen.
  for (const count of outcomes.values()) expect(count).toBeGreaterThan(1500);
}, 120_000);

test("the control that looks and then fetches by name is caught inside", async () => {
  const isGood = (address: string) => address === OUTSIDE || isPublic(address);
  const lookUp = async (host: string) => {
    const resolver = new Resolver();
    resolver.setServers([dns.at]);
    return resolver.resolve4(host);
  };
  /** What is often written: vet the name, then hand it to a client that resolves it once more. */
  const naive = async (host: string) => {
    if (!(await lookUp(host)).every(isGood)) return "refused";
    return new Promise<string>((resolve, reject) => {
      get(`http://${host}:${outside.port}/`, {
        lookup(name, _, done) {
          lookUp(name).then(
            ([address]) => done(null, [{ address: address!, family: 4 }]),
            (error: Error) => done(error, []),
          );
        },
      })
        .on("response", (response) => response.resume().on("end", () => resolve("answered")))
        .on("error", reject);
    });
  };
  const before = connectionsInside();
  for (let i = 0; i < 20; i++) await naive("flips.test");
  expect(connectionsInside() - before).toBe(20);
});
