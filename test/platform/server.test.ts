import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { silentLog } from "../../src/lib/log.ts";
import { reservedPaths } from "../../src/lib/slug.ts";
import { type FrontHandler, ListenError, openServer, type ServerOptions } from "../../src/platform/server.ts";
import { linkOf, makeRedirect } from "../redirect/world.ts";
import { exchange } from "./exchange.ts";

const config = {
  WAYPOST_HOST: "127.0.0.1",
  WAYPOST_PORT: 0,
  WAYPOST_BODY_LIMIT: 1000,
  WAYPOST_REQUEST_TIMEOUT: 30_000,
  WAYPOST_SHUTDOWN_TIMEOUT: 2000,
  WAYPOST_METRICS_LISTEN: null,
};
const says =
  (text: string): FrontHandler =>
  async (request) => {
    await request.arrayBuffer();
    return new Response(text);
  };

function makeServer(options: Partial<ServerOptions> = {}) {
  const world = makeRedirect({ links: { a: linkOf(), api: linkOf(), "robots.txt": linkOf() } });
  const paths = Object.fromEntries(Object.keys(reservedPaths).map((path) => [path, says(path)]));
  const server = openServer({
    config,
    redirect: world.handler,
    paths,
    privatePaths: {},
    baseHost: () => "base.test",
    log: silentLog,
    ...options,
  });
  return { ...world, server };
}

const { server, visits } = makeServer();
beforeAll(() => server.start());
afterAll(() => server.stop());
const send = (text: string | Uint8Array) => exchange(server.port, text);
const get = (path: string, host = "go.test", method = "GET") =>
  send(`${method} ${path} HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
const post = (fields: string, body: string, path = "/a") =>
  send(`POST ${path} HTTP/1.1\r\nHost: go.test\r\n${fields}\r\n\r\n${body}`);

describe("messages that could be read in two ways get one 400, and the connection ends", () => {
  test.each([
    [
      "length and chunks",
      "Content-Length: 4\r\nTransfer-Encoding: chunked",
      "0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: go.test\r\n\r\n",
    ],
    ["two lengths", "Content-Length: 4\r\nContent-Length: 5", "abcde"],
    ["a list of lengths", "Content-Length: 4,4", "abcd"],
    ["a length with a sign", "Content-Length: +4", "abcd"],
    ["a length in hex", "Content-Length: 0x4", "abcd"],
    ["a negative length", "Content-Length: -1", "abcd"],
    ["a space before the colon", "Content-Length : 4", "abcd"],
    ["an unknown coding", "Transfer-Encoding: xchunked", "0\r\n\r\n"],
    ["two codings", "Transfer-Encoding: identity, chunked", "0\r\n\r\n"],
    ["chunked not last", "Transfer-Encoding: chunked, identity", "0\r\n\r\n"],
    ["a vertical tab", "Transfer-Encoding: \x0bchunked", "0\r\n\r\n"],
    ["a chunk that ends in LF", "Transfer-Encoding: chunked", "0\n\n"],
    ["a chunk size in 0x", "Transfer-Encoding: chunked", "0x1\r\na\r\n0\r\n\r\n"],
    ["a negative chunk size", "Transfer-Encoding: chunked", "-1\r\na\r\n0\r\n\r\n"],
    ["a chunk size that overflows", "Transfer-Encoding: chunked", "ffffffffffffffff1\r\na\r\n0\r\n\r\n"],
    ["a chunk without its end", "Transfer-Encoding: chunked", "1\r\naXX0\r\n\r\n"],
    ["a bare CR in a field", "X: y\rZ: w", ""],
    ["a folded field", "X: y\r\n z", ""],
    ["a NUL in a field", "X: y\0z", ""],
  ])("%s", async (_, fields, body) => {
    const before = visits.length;
    expect(await post(fields, body)).toMatchObject({ statuses: [400], closed: true });
    expect(visits).toHaveLength(before);
  });

  test.each([
    ["no Host", "GET /a HTTP/1.1\r\n\r\n"],
    ["two Hosts", "GET /a HTTP/1.1\r\nHost: go.test\r\nHost: evil.test\r\n\r\n"],
    ["two Hosts on a reserved path", "GET /api HTTP/1.1\r\nHost: base.test\r\nHost: evil.test\r\n\r\n"],
    ["HTTP/1.0 without a Host", "GET /a HTTP/1.0\r\n\r\n"],
  ])("%s", async (_, text) => expect(await send(text)).toMatchObject({ statuses: [400], closed: true }));

  test.each(["a/../b", "u@evil.test", "a b", "a?b", "a#b", "a\\b", 'a"', "<a>", "", "ü.test", "a\tb", "a,b"])(
    "Host: %s",
    async (host) => {
      for (const path of ["/a", "/api", "/"])
        expect(await get(path, host)).toMatchObject({ statuses: [400], closed: true });
    },
  );

  test("what is no HTTP/1.1 at all", async () => {
    expect(await send("GET /a HTTP/1.1\nHost: go.test\n\n")).toMatchObject({ statuses: [505], closed: true });
    expect(await send("GET /a HTTP/2.0\r\nHost: go.test\r\n\r\n")).toMatchObject({
      statuses: [505],
      closed: true,
    });
  });
});

describe("limits", () => {
  test.each([
    ["a long header", `GET /a HTTP/1.1\r\nHost: go.test\r\nX: ${"a".repeat(20_000)}\r\n\r\n`],
    ["a long URL", `GET /${"a".repeat(20_000)} HTTP/1.1\r\nHost: go.test\r\n\r\n`],
    ["many headers", `GET /a HTTP/1.1\r\nHost: go.test\r\n${"X: 1\r\n".repeat(300)}\r\n`],
  ])("%s is a 431", async (_, text) =>
    expect(await send(text)).toMatchObject({ statuses: [431], closed: true }),
  );

  test("a body that is too large is a 413, declared or not", async () => {
    expect(await post("Content-Length: 209715200", "abcd")).toMatchObject({ statuses: [413], closed: true });
    const endless = `7d000\r\n${"a".repeat(0x7d000)}\r\n`;
    expect(await post("Transfer-Encoding: chunked", endless)).toMatchObject({
      statuses: [413],
      closed: true,
    });
  });

  test("a URL that is long but allowed is a 404", async () =>
    expect(await get(`/${"%C3%BC".repeat(2000)}`)).toMatchObject({ statuses: [404] }));
});

describe("methods", () => {
  test.each(["TRACE", "CONNECT", "PROPFIND", "PURGE"])("%s is refused everywhere", async (method) => {
    for (const [path, host] of [
      ["/a", "go.test"],
      ["/b", "go.test"],
      ["/api", "base.test"],
    ] as const) {
      const { statuses, text } = await get(path, host, method);
      expect(statuses).toEqual([405]);
      expect(text).toMatch(/\r\nallow: GET, HEAD/i);
    }
  });

  test("one that nobody knows is not answered with anything of ours", async () =>
    expect(
      (await get("/a", "go.test", "FOO")).statuses.filter((status) => ![400, 405, 501].includes(status)),
    ).toEqual([]));

  test("HEAD gets the same headers and no body", async () => {
    const { text } = await get("/a", "go.test", "HEAD");
    expect(text).toContain("Location: https://example.com/page\r\n");
    expect(text).toEndWith("\r\n\r\n");
    expect((await get("/none", "go.test", "HEAD")).text).toEndWith("\r\n\r\n");
  });

  test("a link may be posted to", async () => {
    expect(await post("Content-Length: 4", "abcd")).toMatchObject({ statuses: [302], closed: false });
    expect(await post("Transfer-Encoding: chunked", "1\r\na\r\n0\r\n\r\n")).toMatchObject({
      statuses: [302],
    });
  });

  test("requests in one packet are answered one by one, in order", async () => {
    const one = "GET /a HTTP/1.1\r\nHost: go.test\r\n\r\n";
    expect(await send(one + one.replace("/a", "/b") + one)).toMatchObject({
      statuses: [302, 404, 302],
      closed: false,
    });
  });
});

test("a link that is visited often gets the same answer every time, whoever asks and however", async () => {
  const get = "GET /a HTTP/1.1\r\nHost: go.test\r\n\r\n";
  const text = (get + get.replace("GET", "HEAD")).repeat(20);
  const answers = (await send(text)).text.split("\r\n\r\n").slice(0, -1);
  expect(answers).toHaveLength(40);
  for (const answer of answers) {
    expect(answer).toStartWith("HTTP/1.1 302 Found\r\n");
    expect(answer).toContain("Location: https://example.com/page");
    expect(answer).toContain("Cache-Control: private, no-store");
  }
});

describe("paths", () => {
  test.each([
    "//evil.test/x",
    "/%00",
    "/%zz",
    "/%C0%AF",
    "/%ED%A0%80",
    "/a%0d%0aX-Evil:1",
    "/..%2f..%2f",
    "/\\evil",
    "/ü€😀",
    "/;",
    "/a?x=\xff",
  ])("%s is answered plainly", async (path) => {
    const { statuses, text } = await get(path);
    expect([200, 302, 404]).toContain(statuses[0]!);
    expect(text).not.toMatch(/x-evil|stack|error:/i);
    expect(text.split("\r\n\r\n")[0]).toMatch(/^[\0-\x7f]*$/);
  });

  test("every reserved path is answered on the installation's host and on loopback names", async () => {
    for (const path of Object.keys(reservedPaths))
      for (const host of ["base.test", "BASE.test.", "base.test:8080", "localhost", "127.0.0.1:1", "[::1]:1"])
        expect((await get(`/${path}/x?y`, host)).text).toEndWith(path);
  });

  test("on other hosts only those meant for them are", async () => {
    for (const [path, where] of Object.entries(reservedPaths)) {
      const { text, statuses } = await get(`/${path}`);
      if (where === "any") expect(text).toEndWith(path);
      // A link that stands in the way of a reserved path would be found here, so no such link can be made.
      else expect(statuses).toEqual([path === "api" ? 302 : 404]);
      expect((await get(`/${path}`, "stranger.test")).statuses).toEqual([where === "any" ? 200 : 404]);
    }
  });

  test.each(["//api", "/%61pi", "/API", "/api%2fv1", "/apiary", "/x/../%2e%2e/a/api"])(
    "%s is no other way to the API",
    async (path) => expect((await get(path, "base.test")).text).not.toEndWith("api"),
  );

  test("before the installation knows its host, every host is it", async () => {
    const young = makeServer({ baseHost: () => null });
    await young.server.start();
    expect(
      (await exchange(young.server.port, "GET /admin HTTP/1.1\r\nHost: any.test\r\n\r\n")).text,
    ).toEndWith("admin");
    await young.server.stop();
  });
});

test("a handler that throws shows nothing of itself", async () => {
  const broken: FrontHandler = () => {
    throw new Error("secret in /home/me/file.ts");
  };
  const { server: other } = makeServer({ paths: { api: broken } });
  await other.start();
  const { statuses, text, closed } = await exchange(
    other.port,
    "GET /api HTTP/1.1\r\nHost: base.test\r\n\r\n",
  );
  expect([statuses, closed]).toEqual([[500], true]);
  expect(text).not.toMatch(/secret|\.ts|at /);
  await other.stop();
});

test("the private listener answers its own paths and no links", async () => {
  const { server: other } = makeServer({
    config: { ...config, WAYPOST_METRICS_LISTEN: { host: "127.0.0.1", port: 0 } },
    privatePaths: { metrics: says("numbers") },
  });
  await other.start();
  const ask = (path: string) => exchange(other.privatePort!, `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`);
  expect((await ask("/metrics")).text).toEndWith("numbers");
  expect((await ask("/a")).statuses).toEqual([404]);
  expect((await ask("/api")).statuses).toEqual([404]);
  await other.stop();
});

test("a port in use is named, with what to do", async () => {
  const { server: second } = makeServer({ config: { ...config, WAYPOST_PORT: server.port } });
  const error = await second.start().catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(ListenError);
  expect((error as Error).message).toContain(`127.0.0.1:${server.port}: it is in use`);
  expect((error as Error).message).toContain("WAYPOST_PORT");
});

test("a stop lets requests finish, closes their connections, and takes no new ones", async () => {
  const entered = Promise.withResolvers<void>();
  const leave = Promise.withResolvers<void>();
  const slow: FrontHandler = async () => {
    entered.resolve();
    await leave.promise;
    return new Response("done");
  };
  const { server: other, visit } = makeServer({ paths: { api: slow } });
  for (let i = 0; i < 5; i++) visit("/a");
  await other.start();
  const { port } = other;
  const inFlight = exchange(port, "GET /api HTTP/1.1\r\nHost: base.test\r\n\r\n");
  await entered.promise;
  const stopped = other.stop();
  expect(other.stopping).toBe(true);
  await expect(exchange(port, "GET /a HTTP/1.1\r\nHost: go.test\r\n\r\n")).rejects.toThrow();
  leave.resolve();
  const { text, closed } = await inFlight;
  expect((visit("/a") as Response).headers.has("connection")).toBe(false);
  expect(text).toMatch(/connection: close/i);
  expect(text).toEndWith("done");
  expect(closed).toBe(true);
  await stopped;
  await other.stop();
});

test("a stop does not wait for ever", async () => {
  const entered = Promise.withResolvers<void>();
  const stuck: FrontHandler = () => {
    entered.resolve();
    return new Promise<Response>(() => {});
  };
  const { server: other } = makeServer({
    config: { ...config, WAYPOST_SHUTDOWN_TIMEOUT: 20 },
    paths: { api: stuck },
  });
  await other.start();
  const lost = exchange(other.port, "GET /api HTTP/1.1\r\nHost: base.test\r\n\r\n");
  await entered.promise;
  await other.stop();
  expect(await lost).toMatchObject({ statuses: [], closed: true });
});
