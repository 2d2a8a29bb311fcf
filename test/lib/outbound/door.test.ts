import { afterAll, afterEach, beforeAll, expect, test } from "bun:test";
import { parseAllowance } from "../../../src/lib/outbound/allow.ts";
import { openOutbound } from "../../../src/lib/outbound/outbound.ts";
import { type DnsServer, openDns, type Zone } from "../../support/dns.ts";
import { openHole } from "../../support/hole.ts";
import {
  answer,
  openReceiver,
  type Receiver,
  type ReceiverOptions,
  type Reply,
} from "../../support/receiver.ts";
import { failureOf } from "./failure.ts";

let dns: DnsServer;
const zones = new Map<string, Zone>();
const receivers: Receiver[] = [];
beforeAll(async () => {
  dns = await openDns((name) => zones.get(name) ?? { fails: "missing" });
});
afterEach(async () => {
  await Promise.all(receivers.splice(0).map((one) => one.close()));
});
afterAll(() => dns.close());

async function receiving(reply: Reply = () => answer(200, "hello"), options: ReceiverOptions = {}) {
  const receiver = await openReceiver(reply, options);
  receivers.push(receiver);
  return receiver;
}
const doorTo = (...allow: string[]) =>
  openOutbound({ dnsServers: [dns.at], allow, userAgent: "Waypost/test" });

test("a request goes out as it was given, and the answer comes back as it was", async () => {
  const body = Buffer.from([0, 1, 2, 255]);
  const receiver = await receiving(() => answer(201, body, { "x-one": "1", "set-cookie": "a=1" }));
  const got = await doorTo("127.0.0.1").request({
    url: `http://127.0.0.1:${receiver.port}/path/ü?q=1&r=é#fragment`,
    method: "POST",
    headers: { "X-Signature": "abc", "content-type": "application/json" },
    body: '{"ü":1}',
  });
  expect(receiver.requests.join("").split("\r\n").sort()).toEqual(
    [
      ...[
        "POST /path/%C3%BC?q=1&r=%C3%A9 HTTP/1.1",
        `host: 127.0.0.1:${receiver.port}`,
        "connection: close",
        "",
        "",
      ],
      ...[
        "x-signature: abc",
        "content-type: application/json",
        "content-length: 8",
        "user-agent: Waypost/test",
      ],
      ...["accept-encoding: gzip, br"],
      Buffer.from('{"ü":1}').toString("latin1"),
    ]
      .sort()
      .slice(1),
  );
  expect([got.status, got.headers.get("x-one"), [...got.body], got.address]).toEqual([
    201,
    "1",
    [...body],
    "127.0.0.1",
  ]);
});

test("HEAD, 204 and 304 have no body, and nothing is waited for", async () => {
  const { port } = await receiving((request) =>
    request.startsWith("HEAD")
      ? "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n"
      : answer(request.includes("304") ? 304 : 204),
  );
  for (const [method, path, status] of [
    ["HEAD", "/", 200],
    ["GET", "/204", 204],
    ["GET", "/304", 304],
  ] as const) {
    const got = await doorTo("127.0.0.1").request({ url: `http://127.0.0.1:${port}${path}`, method });
    expect([got.status, got.body.length]).toEqual([status, 0]);
  }
});

test("a packing that is named for a body that does not come is no failure", async () => {
  const gzip = "content-encoding: gzip\r\n";
  const { port } = await receiving((request) =>
    request.startsWith("HEAD")
      ? `HTTP/1.1 200 OK\r\n${gzip}content-length: 50\r\n\r\n`
      : `HTTP/1.1 200 OK\r\n${gzip}content-length: 0\r\n\r\n`,
  );
  for (const method of ["HEAD", "GET"]) {
    const got = await doorTo("127.0.0.1").request({ url: `http://127.0.0.1:${port}/`, method });
    expect([got.status, got.body.length]).toEqual([200, 0]);
  }
});

test("what the door sets itself cannot be set, and nothing breaks out of a header", async () => {
  const receiver = await receiving();
  const bad: Record<string, string>[] = [
    ...[
      "Host",
      "content-length",
      "Transfer-Encoding",
      "connection",
      "Upgrade",
      "TE",
      "trailer",
      "Expect",
      "keep-alive",
    ].map((name) => ({ [name]: "1" })),
    ...[
      { "proxy-authorization": "x" },
      { "accept-encoding": "zstd" },
      { "": "x" },
      { "a b": "x" },
      { "a:": "x" },
    ],
    ...[
      { a: "x\r\nhost: evil" },
      { a: "x\n" },
      { a: "\0" },
      { a: "x\u0100" },
      { "a\r\nb": "x" },
      { a: "x".repeat(40_000) },
    ],
    Object.fromEntries(Array.from({ length: 101 }, (_, i) => [`x-${i}`, "1"])),
  ];
  for (const headers of bad) {
    const work = doorTo("127.0.0.1").request({ url: `http://127.0.0.1:${receiver.port}/`, headers });
    expect([headers, (await failureOf(work)).kind]).toEqual([headers, "invalid"]);
  }
  for (const method of ["CONNECT", "TRACE", "get", "GET / HTTP/1.1\r\nx:", ""])
    expect(
      (await failureOf(doorTo("127.0.0.1").request({ url: `http://127.0.0.1:${receiver.port}/`, method })))
        .kind,
    ).toBe("invalid");
  expect(receiver.connections).toBe(0);
});

test("when the first address does not answer, the next one does, in whichever family", async () => {
  const receiver = await receiving(undefined, { host: "::1" });
  zones.set("two.test", { addresses: ["127.0.0.1", "127.0.0.3", "::1"] });
  const got = await doorTo("127.0.0.0/8", "::1").request({ url: `http://two.test:${receiver.port}/` });
  expect([got.text(), got.address]).toEqual(["hello", "::1"]);
});

test("when one address swallows what is sent, the next one is tried beside it, and the loser is closed", async () => {
  const { port, close } = await openHole();
  const receiver = await receiving(undefined, { host: "::1", port });
  zones.set("hole.test", { addresses: ["127.0.0.1", "::1"] });
  const got = await doorTo("127.0.0.1", "::1").request({ url: `http://hole.test:${port}/` });
  expect([got.address, receiver.connections]).toEqual(["::1", 1]);
  close();
});

test("a name with more addresses than anybody's is not looked through", async () => {
  zones.set("crowd.test", { addresses: Array.from({ length: 65 }, (_, i) => `127.0.1.${i}`) });
  const { kind } = await failureOf(doorTo("127.0.0.0/8").request({ url: "http://crowd.test/" }));
  expect(kind).toBe("dns");
});

test("one refused address refuses the name, however good the others are", async () => {
  const receiver = await receiving();
  zones.set("mixed.test", { addresses: ["127.0.0.1", "10.0.0.1"] });
  const { kind } = await failureOf(
    doorTo("127.0.0.1").request({ url: `http://mixed.test:${receiver.port}/` }),
  );
  expect([kind, receiver.connections]).toEqual(["refused", 0]);
});

test("names that are missing, broken or answered by nobody are told apart from refused ones", async () => {
  zones.set("broken.test", { fails: "broken" });
  zones.set("empty.test", {});
  zones.set("closed.test", { addresses: ["127.0.0.1"] });
  const receiver = await receiving();
  await receiver.close();
  receivers.pop();
  const at = (host: string) =>
    failureOf(doorTo("127.0.0.1").request({ url: `http://${host}:${receiver.port}/` }));
  const told = await Promise.all(["missing.test", "empty.test", "broken.test", "closed.test"].map(at));
  expect(told.map(({ kind, message }) => [kind, message])).toEqual([
    ["dns", "There is no host missing.test."],
    ["dns", "There is no host empty.test."],
    ["dns", "The name broken.test could not be resolved just now."],
    ["connect", `No connection to closed.test, port ${receiver.port}.`],
  ]);
});

test("what stands behind a refused address makes no difference that could be seen", async () => {
  const banner = await receiving(() => "SSH-2.0-OpenSSH\r\n");
  const silent = await receiving(() => undefined);
  const closed = await receiving();
  await closed.close();
  receivers.pop();
  zones.set("inside.test", { addresses: ["127.0.0.1"] });
  const door = openOutbound({ dnsServers: [dns.at] });
  const told = new Set<string>();
  for (const { port } of [banner, silent, closed])
    for (const host of ["127.0.0.1", "[::1]", "inside.test", "10.255.255.1", "169.254.169.254", "localhost"])
      for (const scheme of ["http", "https"]) {
        const error = await failureOf(door.request({ url: `${scheme}://${host}:${port}/`, plain: true }));
        told.add(JSON.stringify({ ...error, message: error.message, cause: error.cause }));
      }
  expect([...told].map((one) => JSON.parse(one))).toEqual([
    {
      name: "OutboundError",
      kind: "refused",
      status: null,
      message: "This address may not be asked: it is not on the public internet.",
    },
  ]);
  expect(banner.connections + silent.connections).toBe(0);
});

test("no failure tells what was received or resolved", async () => {
  const secret = "banner-7f3a";
  zones.set("talks.test", { addresses: ["127.0.0.1"] });
  const replies: Reply[] = [
    () => `SSH ${secret}\r\n`,
    () => `HTTP/1.1 200 ${secret}\r\ncontent-encoding: ${secret}\r\n\r\n${secret}`,
    () => `HTTP/1.1 302 x\r\nlocation: ${secret}://x\r\n\r\n`,
    () => `HTTP/1.1 200 OK\r\nx: ${secret}\0\r\n\r\n`,
    () => `HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n${secret}`,
  ];
  for (const reply of replies) {
    const { port } = await receiving(reply);
    const error = await failureOf(
      doorTo("127.0.0.1").request({ url: `http://talks.test:${port}/`, redirectsMax: 1 }),
    );
    expect(error.message).not.toContain(secret);
    expect(error.message).not.toContain("127.0.0.1");
  }
});

test("the operator's list opens what it names, and no more", async () => {
  zones.set("hooks.test", { addresses: ["127.0.0.1"] });
  zones.set("other.test", { addresses: ["127.0.0.1"] });
  const { port } = await receiving();
  const cases: [allow: string[], host: string, opens: boolean][] = [
    [["127.0.0.1"], "127.0.0.1", true],
    [["127.0.0.0/8"], "hooks.test", true],
    [[`127.0.0.1:${port}`], "hooks.test", true],
    [[`127.0.0.1:${port + 1}`], "hooks.test", false],
    [["hooks.test"], "hooks.test", true],
    [["HOOKS.test."], "hooks.test", true],
    [[`hooks.test:${port}`], "hooks.test", true],
    [[`hooks.test:${port + 1}`], "hooks.test", false],
    [["hooks.test"], "other.test", false],
    [["hooks.test"], "127.0.0.1", false],
    [["test"], "hooks.test", false],
    [["10.0.0.0/8"], "127.0.0.1", false],
    [["::/0"], "127.0.0.1", false],
  ];
  for (const [allow, host, opens] of cases) {
    const outcome = await doorTo(...allow)
      .request({ url: `http://${host}:${port}/` })
      .then(
        () => true,
        (error: { kind: string }) => (error.kind === "refused" ? false : error.kind),
      );
    expect([allow, host, outcome]).toEqual([allow, host, opens]);
  }
});

test("a gateway that is open does not open what lies behind it", async () => {
  zones.set("nat64.test", { addresses: ["64:ff9b::7f00:1"] });
  zones.set("outside.test", { addresses: ["64:ff9b::808:808"] });
  const door = doorTo("64:ff9b::/96");
  expect((await failureOf(door.request({ url: "http://nat64.test/" }))).kind).toBe("refused");
  const control = AbortSignal.timeout(300);
  expect((await failureOf(door.request({ url: "http://outside.test/", signal: control }))).kind).not.toBe(
    "refused",
  );
});

test("a port of another protocol is open where the operator wrote it, and nowhere else", async () => {
  const at = (...allow: string[]) => failureOf(doorTo(...allow).request({ url: "http://127.0.0.1:1/" }));
  expect((await at("127.0.0.1:1")).kind).toBe("connect");
  expect((await at("127.0.0.1")).message).toBe("Port 1 may not be asked.");
  expect((await at("127.0.0.2:1")).kind).toBe("refused");
});

test("what is no network and no host is no allowance", () => {
  for (const bad of [
    "",
    "*",
    "*.test",
    "http://x",
    "x/8",
    "10.0.0.0/33",
    "10.0.0.0/8:80",
    "a:b",
    "a:0",
    "a:70000",
    "127.1",
    "0x7f.1",
    "1.2.3.4.5",
    "[x]",
    "a b",
    "u@h",
  ])
    expect([bad, parseAllowance(bad)]).toEqual([bad, null]);
  for (const good of [
    "10.0.0.0/8",
    "fd00::/8",
    "::1",
    "[::1]:80",
    "[::1]",
    "10.0.0.1:1",
    "localhost",
    "localhost:3000",
    "hooks.internal",
    "redis",
    "a.b:443",
  ])
    expect([good, parseAllowance(good) !== null]).toEqual([good, true]);
});

test("the operator's own addresses are reached wherever they are, by the names of this machine too", async () => {
  const { port } = await receiving();
  const { operator } = openOutbound();
  for (const host of ["127.0.0.1", "localhost"])
    expect((await operator.request({ url: `http://${host}:${port}/` })).text()).toBe("hello");
});

test("no proxy of the environment is ever spoken to", async () => {
  const proxy = await receiving();
  const { port } = await receiving();
  const script = `
    const { openOutbound } = await import(${JSON.stringify(`${import.meta.dir}/../../../src/lib/outbound/outbound.ts`)});
    const door = openOutbound({ allow: ["127.0.0.1"] });
    console.log((await door.request({ url: "http://127.0.0.1:${port}/" })).text());
    console.log((await door.operator.request({ url: "http://127.0.0.1:${port}/" })).text());
    console.log((await door.request({ url: "https://127.0.0.1:${port}/" }).catch((error) => error)).kind);`;
  const url = `http://127.0.0.1:${proxy.port}`;
  const names = ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"];
  const run = async (source: string) => {
    const child = Bun.spawn([process.execPath, "-e", source], {
      env: {
        ...process.env,
        ...Object.fromEntries(names.map((name) => [name, url])),
        NODE_USE_ENV_PROXY: "1",
      },
      stdout: "pipe",
    });
    return new Response(child.stdout).text();
  };
  expect(await run(script)).toBe("hello\nhello\ntls\n");
  expect(proxy.connections).toBe(0);
  // The control: the environment is one that a plain fetch obeys.
  await run(`await fetch("http://127.0.0.1:${port}/");`);
  expect(proxy.connections).toBe(1);
});

test("a DNS server that does not answer holds up nothing else in the process", async () => {
  zones.set("silent.test", { fails: "silent" });
  const door = doorTo();
  const hanging = Array.from({ length: 50 }, () =>
    failureOf(door.request({ url: "https://silent.test/", timeoutMs: 1500 })),
  );
  let read = false;
  const first = await Promise.race([
    Bun.file(import.meta.path)
      .text()
      .then(() => {
        read = true;
        return "file";
      }),
    Promise.all(hanging).then(() => "dns"),
  ]);
  expect([first, read]).toEqual(["file", true]);
  for (const { kind } of await Promise.all(hanging)) expect(["timeout", "dns"]).toContain(kind);
});
