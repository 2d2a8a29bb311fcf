import { afterAll, beforeAll, expect, test } from "bun:test";
import { openOutbound } from "../../../src/lib/outbound/outbound.ts";
import { type Authority, makeAuthority, makeSelfSigned } from "../../support/certificates.ts";
import { type DnsServer, openDns } from "../../support/dns.ts";
import { openOpenssl } from "../../support/openssl-server.ts";
import { answer, openReceiver, type Receiver } from "../../support/receiver.ts";
import { failureOf } from "./failure.ts";

let dns: DnsServer;
let ours: Authority;
const receivers: { close(): unknown }[] = [];
beforeAll(async () => {
  dns = await openDns(() => ({ addresses: ["127.0.0.1"] }));
  ours = makeAuthority("Ours");
});
afterAll(async () => {
  dns.close();
  await Promise.all(receivers.map((one) => one.close()));
});

const receiverWith = async (tls: { key: string; cert: string }): Promise<Receiver> => {
  const receiver = await openReceiver((request) => answer(200, request), { tls });
  receivers.push(receiver);
  return receiver;
};
const door = () => openOutbound({ dnsServers: [dns.at], allow: ["127.0.0.1"], authorities: [ours.cert] });
const reasonAt = async (port: number, host = "good.test") => {
  const { kind, message, cause } = await failureOf(
    door().request({ url: `https://${host}:${port}/`, timeoutMs: 5000 }),
  );
  return { kind, message, cause };
};

test("a certificate for the name is taken, and the name goes into TLS and Host", async () => {
  const { port } = await receiverWith(ours.issue("DNS:good.test,DNS:*.wild.test"));
  const got = await door().request({ url: `https://GOOD.test.:${port}/a?b=c#d` });
  expect(got.status).toBe(200);
  expect(got.text()).toStartWith("GET /a?b=c HTTP/1.1\r\n");
  expect(got.text()).toContain(`\r\nhost: good.test:${port}\r\n`);
  expect((await door().request({ url: `https://a.wild.test:${port}/` })).status).toBe(200);
});

test("an address in the URL needs a certificate for the address", async () => {
  const { port } = await receiverWith(ours.issue("IP:127.0.0.1"));
  expect((await door().request({ url: `https://127.0.0.1:${port}/` })).status).toBe(200);
  const named = await receiverWith(ours.issue("DNS:good.test"));
  const { kind } = await failureOf(door().request({ url: `https://127.0.0.1:${named.port}/` }));
  expect(kind).toBe("tls");
});

test("five kinds of bad certificates are refused, each with a reason that can be read", async () => {
  const past = { from: "20200101000000Z", to: "20200201000000Z" };
  const future = { from: "20900101000000Z", to: "20910101000000Z" };
  const theirs = makeAuthority("Theirs");
  const cases = [
    [ours.issue("DNS:good.test", { validity: past }), "its certificate has expired"],
    [ours.issue("DNS:good.test", { validity: future }), "its certificate is not valid yet"],
    [makeSelfSigned("DNS:good.test"), "its certificate is signed by itself"],
    [ours.issue("DNS:other.test"), "its certificate is for another name"],
    [theirs.issue("DNS:good.test"), "nobody we know has signed its certificate"],
  ] as const;
  for (const [certificate, reason] of cases) {
    const receiver = await receiverWith(certificate);
    expect(await reasonAt(receiver.port)).toMatchObject({
      kind: "tls",
      message: `The TLS of good.test is not to be trusted: ${reason}.`,
    });
    expect(receiver.requests).toEqual([]);
  }
});

test("TLS 1.0 and 1.1, and a weak exchange of keys, are refused by name", async () => {
  const good = ours.issue("DNS:good.test", { rsa: true });
  for (const flags of [["-tls1"], ["-tls1_1"], ["-tls1_2", "-cipher", "kDHE:@SECLEVEL=0"]]) {
    const server = await openOpenssl(good, flags);
    receivers.push(server);
    const { kind, message } = await reasonAt(server.port);
    expect([flags[0], kind, message.includes("is not to be trusted: ")]).toEqual([flags[0]!, "tls", true]);
  }
  // The control: the same server, spoken to as it should be, is trusted.
  const server = await openOpenssl(good, ["-tls1_2"]);
  receivers.push(server);
  expect((await door().request({ url: `https://good.test:${server.port}/` })).status).toBe(200);
});

test("a server without TLS, or one that hangs up, is told as such", async () => {
  const plain = await openReceiver(() => answer(200));
  receivers.push(plain);
  expect((await reasonAt(plain.port)).message).toContain("it does not speak TLS at this port");
  const rude = await openReceiver((_, socket) => void socket.destroy());
  receivers.push(rude);
  expect((await reasonAt(rude.port)).kind).toBe("tls");
});

test("the environment cannot switch the check off", async () => {
  const { port } = await receiverWith(makeSelfSigned("DNS:good.test"));
  process.env["NODE_TLS_REJECT_UNAUTHORIZED"] = "0";
  try {
    expect((await reasonAt(port)).kind).toBe("tls");
  } finally {
    delete process.env["NODE_TLS_REJECT_UNAUTHORIZED"];
  }
});

test("the operator's own addresses are checked alike", async () => {
  const { port } = await receiverWith(makeSelfSigned("DNS:good.test"));
  const { operator } = openOutbound({ dnsServers: [dns.at], authorities: [ours.cert] });
  expect((await failureOf(operator.request({ url: `https://good.test:${port}/` }))).kind).toBe("tls");
});
