import { afterAll, beforeAll, expect, test } from "bun:test";
import { openOutbound } from "../../../src/lib/outbound/outbound.ts";
import { type DnsServer, openDns } from "../../support/dns.ts";
import { answer, openReceiver, type Receiver } from "../../support/receiver.ts";
import { failureOf } from "./failure.ts";

/** `P` stands for the port at which the receiver listens, on 127.0.0.1 and on ::1. */
const spellings = [
  ...[
    "http://127.0.0.1:P/",
    "http://127.0.0.1.:P/",
    "http://127.1:P/",
    "http://127.0.1:P/",
    "http://127.1.:P/",
  ],
  ...["http://2130706433:P/", "http://2130706433.:P/", "http://017700000001:P/", "http://0x7f000001:P/"],
  ...["http://0X7F000001:P/", "http://0x7f.0.0.1:P/", "http://0x7f.0x0.0x0.0x1:P/", "http://0177.0.0.1:P/"],
  ...["http://0177.0.0.01:P/", "http://00000177.0.0.1:P/", "http://127.0x0.0.1:P/", "http://0x7f.1:P/"],
  ...["http://0177.1:P/", "http://127.000.000.001:P/", "http://127.0.0.01:P/", "http://0x7f.0.1:P/"],
  ...["http://①②⑦.⓪.⓪.①:P/", "http://127.0.0.1:P/", "http://127。0。0。1:P/", "http://127.0.0.1:P/"],
  ...["http://127｡0｡0｡1:P/", "http://𝟏𝟐𝟕.0.0.1:P/", "http://127%2e0%2e0%2e1:P/", "http://%31%32%37.0.0.1:P/"],
  ...["http://127.0.0.%31:P/", "http://%6c%6f%63%61%6c%68%6f%73%74:P/", "http://127.0.0.1%00.example.com:P/"],
  ...["http://localhost:P/", "http://localhost.:P/", "http://LOCALHOST:P/", "http://LocalHost.:P/"],
  ...[
    "http://ｌｏｃａｌｈｏｓｔ:P/",
    "http://ⓛⓞⓒⓐⓛⓗⓞⓢⓣ:P/",
    "http://a.localhost:P/",
    "http://localhost.localdomain:P/",
  ],
  ...[
    "http://[::1]:P/",
    "http://[0:0:0:0:0:0:0:1]:P/",
    "http://[0000::0001]:P/",
    "http://[::ffff:127.0.0.1]:P/",
  ],
  ...["http://[::ffff:7f00:1]:P/", "http://[0:0:0:0:0:ffff:127.0.0.1]:P/", "http://[::127.0.0.1]:P/"],
  ...[
    "http://[::FFFF:7F00:0001]:P/",
    "http://[::1%25lo]:P/",
    "http://[::1%lo]:P/",
    "http://[fe80::1%25lo]:P/",
  ],
  ...[
    "http://[64:ff9b::127.0.0.1]:P/",
    "http://[::]:P/",
    "http://0:P/",
    "http://0.0.0.0:P/",
    "http://0x0:P/",
  ],
  ...[
    "http://example.com@127.0.0.1:P/",
    "http://example.com:80@127.0.0.1:P/",
    "http://127.0.0.1:P@example.com/",
  ],
  ...[
    "http://127.0.0.1:P\\@example.com/",
    "http://127.0.0.1:P\\.example.com/",
    "http://example.com\\@127.0.0.1:P/",
  ],
  ...["http://127.0.0.1:P#@example.com/", "http://127.0.0.1:P?@example.com/", "http://127.0.0.1:0P/"],
  ...[
    "http:127.0.0.1:P/",
    "http:/127.0.0.1:P/",
    "http:\\\\127.0.0.1:P/",
    "http:///127.0.0.1:P/",
    "//127.0.0.1:P/",
  ],
  ...[" http://127.0.0.1:P/ ", "http://127.0.0.1\t:P/", "ht\ntp://127.0.0.1:P/", "http://127.0.0.1:P\r\n/"],
  ...[
    "http://127.0.0.1:P/%0d%0aHost:%20x",
    "HTTP://127.0.0.1:P/",
    "hTtP://127.255.255.254:P/",
    "http://1⁄27.0.0.1:P/",
  ],
  ...["http://inside.test:P/", "http://inside.test.:P/", "http://INSIDE.TEST:P/", "http://ⓘnside.test:P/"],
  ...[
    "ftp://127.0.0.1:P/",
    "file:///etc/passwd",
    "gopher://127.0.0.1:P/",
    "ws://127.0.0.1:P/",
    "blob:http://127.0.0.1:P/",
  ],
];

let dns: DnsServer;
let four: Receiver;
let six: Receiver;
beforeAll(async () => {
  dns = await openDns(() => ({ addresses: ["127.0.0.1", "::1"] }));
  four = await openReceiver(() => answer(200, "inside"));
  six = await openReceiver(() => answer(200, "inside"), { host: "::1", port: four.port });
});
afterAll(async () => {
  dns.close();
  await four.close();
  await six.close();
});

test("no spelling of an inner address comes through, and nothing is connected to", async () => {
  expect(new Set(spellings).size).toBeGreaterThanOrEqual(60);
  const door = openOutbound({ dnsServers: [dns.at] });
  for (const spelling of spellings) {
    const url = spelling.replaceAll("P", String(four.port));
    const { kind } = await failureOf(door.request({ url, plain: true }));
    expect([url, ["invalid", "refused"].includes(kind)]).toEqual([url, true]);
  }
  expect([four.connections, six.connections]).toEqual([0, 0]);
});

test("the receiver would have answered: where the operator opened it, the same spellings arrive", async () => {
  const door = openOutbound({ dnsServers: [dns.at], allow: ["127.0.0.0/8", "::1"] });
  const arrived: string[] = [];
  for (const spelling of spellings) {
    const url = spelling.replaceAll("P", String(four.port));
    await door.request({ url, plain: true, timeoutMs: 2000 }).then(
      () => arrived.push(spelling),
      () => {},
    );
  }
  expect(arrived.length).toBeGreaterThan(30);
  expect(four.connections + six.connections).toBeGreaterThan(30);
});

test("names that only mean something inside are refused without a question to DNS", async () => {
  const door = openOutbound({ dnsServers: [dns.at] });
  const before = dns.asked.length;
  for (const host of [
    "redis",
    "db.internal",
    "printer.local",
    "nas.lan",
    "router.home.arpa",
    "x.corp",
    "a.b.localhost",
  ])
    expect((await failureOf(door.request({ url: `https://${host}/` }))).kind).toBe("refused");
  expect(dns.asked.length).toBe(before);
});

test("ports of other protocols are refused, whatever the host", async () => {
  const door = openOutbound({ dnsServers: [dns.at] });
  for (const port of [1, 22, 25, 53, 110, 143, 445, 465, 587, 993, 1023, 2049, 6000, 6667, 10080]) {
    const { kind, message } = await failureOf(door.request({ url: `https://inside.test:${port}/` }));
    expect([kind, message]).toEqual(["refused", `Port ${port} may not be asked.`]);
  }
});

test("http:// is refused where it is not asked for", async () => {
  const { kind, message } = await failureOf(
    openOutbound({ dnsServers: [dns.at] }).request({ url: "http://inside.test/" }),
  );
  expect([kind, message]).toEqual(["refused", "Only https:// addresses may be asked."]);
});
