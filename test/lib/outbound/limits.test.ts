import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import type { Socket } from "node:net";
import { brotliCompressSync, constants, deflateSync, gzipSync } from "node:zlib";
import { type OutboundRequest, openOutbound } from "../../../src/lib/outbound/outbound.ts";
import { dnsResolve } from "../../../src/lib/outbound/resolve.ts";
import { type DnsServer, openDns } from "../../support/dns.ts";
import { openHole } from "../../support/hole.ts";
import { answer, openReceiver, type Receiver, type Reply } from "../../support/receiver.ts";
import { failureOf } from "./failure.ts";

let dns: DnsServer;
const receivers: Receiver[] = [];
beforeAll(async () => {
  dns = await openDns((name) =>
    name === "silent.test" ? { fails: "silent" } : { addresses: ["127.0.0.1"] },
  );
});
afterEach(async () => {
  await Promise.all(receivers.splice(0).map((one) => one.close()));
});
afterAll(() => dns.close());

const door = () => openOutbound({ dnsServers: [dns.at], allow: ["127.0.0.1"] });

async function receiving(reply: Reply): Promise<Receiver> {
  const receiver = await openReceiver(reply);
  receivers.push(receiver);
  return receiver;
}
async function asking(reply: Reply, request: Partial<OutboundRequest> = {}) {
  const receiver = await receiving(reply);
  const work = door().request({ url: `http://receiver.test:${receiver.port}/`, timeoutMs: 5000, ...request });
  return { receiver, work };
}

const HEAD = "HTTP/1.1 200 OK\r\n";
const drip = (socket: Socket, start: string, drop: string): undefined => {
  socket.write(start);
  const timer = setInterval(() => socket.write(drop), 5);
  socket.on("close", () => clearInterval(timer));
};
const flood = (socket: Socket, start: string, chunk: string): undefined => {
  socket.write(start);
  const pour = () => {
    while (!socket.destroyed && socket.write(chunk));
  };
  socket.on("drain", pour);
  pour();
};

describe("one deadline ends it, wherever it hangs, and nothing stays open", () => {
  const phases: readonly [where: string, doing: string, reply: Reply, url?: (port: number) => string][] = [
    ["in DNS", "resolving its name", () => undefined, (port) => `http://silent.test:${port}/`],
    ["in TLS", "agreeing on TLS", () => undefined, (port) => `https://receiver.test:${port}/`],
    ["before the head", "waiting for its answer", () => undefined],
    ["in the head", "waiting for its answer", (_, socket) => drip(socket, `${HEAD}x: `, "a")],
    [
      "in a dripping body",
      "reading its answer",
      (_, socket) => drip(socket, `${HEAD}content-length: 9999\r\n\r\n`, "x"),
    ],
    [
      "in a body of chunks",
      "reading its answer",
      (_, socket) => drip(socket, `${HEAD}transfer-encoding: chunked\r\n\r\n`, "1\r\nx\r\n"),
    ],
    [
      "in a packed body",
      "reading its answer",
      (_, socket) => void socket.write(`${HEAD}content-encoding: gzip\r\n\r\n`),
    ],
  ];
  for (const [where, doing, reply, url] of phases)
    test(where, async () => {
      const receiver = await receiving(reply);
      const request = {
        url: (url ?? ((port) => `http://receiver.test:${port}/`))(receiver.port),
        timeoutMs: 400,
      };
      const { kind, message } = await failureOf(door().request(request));
      expect([kind, message]).toEqual(["timeout", `It took longer than 0.4 s, and ended while ${doing}.`]);
      await receiver.closed();
    });

  test("in the connection", async () => {
    const { port, close } = await openHole();
    const work = door().request({ url: `http://receiver.test:${port}/`, timeoutMs: 400 });
    const { kind, message } = await failureOf(work);
    expect([kind, message]).toEqual(["timeout", "It took longer than 0.4 s, and ended while connecting."]);
    close();
  });
});

test("it is one deadline for all hops of a redirect", async () => {
  const { work } = await asking(
    (request, socket) => {
      const timer = setTimeout(
        () => socket.end(answer(302, "", { location: `${request.split(" ")[1]}x` })),
        60,
      );
      socket.on("close", () => clearTimeout(timer));
      return undefined;
    },
    { redirectsMax: 100, timeoutMs: 300 },
  );
  expect((await failureOf(work)).kind).toBe("timeout");
});

test("the caller can give up at any time, and the connection is closed", async () => {
  const control = new AbortController();
  const { receiver, work } = await asking(
    () => {
      control.abort();
      return undefined;
    },
    { signal: control.signal },
  );
  expect((await failureOf(work)).kind).toBe("aborted");
  await receiver.closed();
  const late = door().request({ url: `http://receiver.test:${receiver.port}/`, signal: control.signal });
  expect((await failureOf(late)).kind).toBe("aborted");
  expect(receiver.connections).toBe(1);
});

test("questions to DNS end with the request", async () => {
  const control = new AbortController();
  const question = dnsResolve([dns.at])("silent.test", control.signal);
  control.abort();
  // By themselves they would be asked for longer than a test may take.
  expect((await failureOf(question)).kind).toBe("dns");
});

describe("the head of an answer is bounded", () => {
  const heads: readonly [what: string, reply: Reply][] = [
    ["one field too long", () => `${HEAD}x: ${"a".repeat(20_000)}\r\n\r\n`],
    ["fields without end", (_, socket) => flood(socket, HEAD, `x: ${"a".repeat(1000)}\r\n`)],
    ["a status line without end", (_, socket) => flood(socket, "HTTP/1.1 200 ", "a".repeat(1000))],
    [
      "interim answers without end",
      (_, socket) => flood(socket, "", "HTTP/1.1 103 Early\r\nlink: a\r\n\r\n"),
    ],
    ["another protocol", () => "SSH-2.0-OpenSSH_9.2\r\n"],
    ["no answer at all", (_, socket) => void socket.end()],
    ["a switch of protocols", () => "HTTP/1.1 101 Switching\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n"],
    ["two lengths", () => `${HEAD}content-length: 3\r\ncontent-length: 5\r\n\r\nhello`],
    ["two ends", () => `${HEAD}content-length: 3\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`],
  ];
  for (const [what, reply] of heads)
    test(what, async () => {
      const { receiver, work } = await asking(reply);
      expect((await failureOf(work)).kind).toBe("protocol");
      await receiver.closed();
    });
});

describe("a body is bounded after it is unpacked", () => {
  const quality = { params: { [constants.BROTLI_PARAM_QUALITY]: 5 } };
  const large = Buffer.alloc(50_000_000);
  const packed =
    (coding: string, body: Buffer): Reply =>
    () =>
      answer(200, body, { "content-encoding": coding });
  const emptyBlocks = Buffer.concat(Array.from({ length: 20_000 }, () => gzipSync("")));
  const bodies: readonly [what: string, reply: Reply][] = [
    ["a gzip bomb", packed("gzip", gzipSync(large))],
    ["a brotli bomb", packed("br", brotliCompressSync(large, quality))],
    ["a deflate bomb", packed("deflate", deflateSync(large))],
    ["one with a length", () => answer(200, large.subarray(0, 2_000_000))],
    [
      "one in chunks without end",
      (_, socket) =>
        flood(socket, `${HEAD}transfer-encoding: chunked\r\n\r\n`, `2000\r\n${"x".repeat(8192)}\r\n`),
    ],
    ["one without end", (_, socket) => flood(socket, `${HEAD}\r\n`, "x".repeat(65_536))],
    ["empty blocks without end", packed("gzip", emptyBlocks)],
  ];
  for (const [what, reply] of bodies)
    test(what, async () => {
      const { receiver, work } = await asking(reply, { bytesMax: 20_000 });
      const { kind, status } = await failureOf(work);
      expect([kind, status]).toEqual(["too_large", 200]);
      await receiver.closed();
      const cut = await asking(reply, { bytesMax: 20_000, cut: true });
      const got = await cut.work;
      expect([got.status, got.cut, got.body.length <= 20_000]).toEqual([200, true, true]);
      await cut.receiver.closed();
    });

  test("one of exactly the length that may be is whole", async () => {
    for (const coding of ["identity", "gzip", "br"]) {
      const body = Buffer.from("x".repeat(20_000));
      const bytes = coding === "gzip" ? gzipSync(body) : coding === "br" ? brotliCompressSync(body) : body;
      const { work } = await asking(packed(coding, bytes), { bytesMax: 20_000 });
      const got = await work;
      expect([got.body.equals(body), got.cut, got.text().length]).toEqual([true, false, 20_000]);
    }
  });

  test("one that breaks off is no answer", async () => {
    const half = gzipSync(Buffer.from("x".repeat(1000))).subarray(0, 20);
    const broken: readonly Reply[] = [
      () => `${HEAD}content-length: 50\r\n\r\nhello`,
      () => `${HEAD}transfer-encoding: chunked\r\n\r\n5\r\nhello\r\n`,
      () => `${HEAD}transfer-encoding: chunked\r\n\r\nZZ\r\nhello\r\n`,
      packed("gzip", half),
      packed("gzip", Buffer.from("no gzip")),
      packed("zstd", Buffer.from("x")),
      packed("gzip, gzip", gzipSync(gzipSync("x"))),
    ];
    for (const reply of broken) {
      const { kind, status } = await failureOf((await asking(reply)).work);
      expect([kind, status]).toEqual(["protocol", 200]);
    }
  });
});

test("100 receivers that flood and bomb cost no memory", async () => {
  const bomb = answer(200, gzipSync(Buffer.alloc(100_000_000)), { "content-encoding": "gzip" });
  const { port } = await receiving((request, socket) =>
    request.startsWith("GET /bomb") ? bomb : flood(socket, `${HEAD}\r\n`, "x".repeat(65_536)),
  );
  const child = Bun.spawn([process.execPath, `${import.meta.dir}/flooded.ts`, String(port)], {
    stdout: "pipe",
  });
  const { statuses, lengthMax, grownBytes } = JSON.parse(await new Response(child.stdout).text());
  expect(statuses).toEqual({ "200": 100 });
  expect(lengthMax).toBe(20_000);
  expect(grownBytes).toBeLessThan(20_000_000);
}, 60_000);
