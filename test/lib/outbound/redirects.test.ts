import { afterAll, beforeAll, expect, test } from "bun:test";
import { openOutbound } from "../../../src/lib/outbound/outbound.ts";
import { type DnsServer, openDns } from "../../support/dns.ts";
import { answer, openReceiver, type Receiver } from "../../support/receiver.ts";
import { failureOf } from "./failure.ts";

const zone = new Map<string, string>();
let dns: DnsServer;
let here: Receiver;
let there: Receiver;
/** Reached by nobody: not open. */
let inside: Receiver;
const to = (location: string, status = 302) => answer(status, "moved", { location });
const pathOf = (request: string) => request.split(" ")[1]!;

beforeAll(async () => {
  dns = await openDns((name) => ({ addresses: [zone.get(name) ?? "127.0.0.2"] }));
  there = await openReceiver((request) => answer(200, `there ${pathOf(request)}`), { host: "127.0.0.2" });
  inside = await openReceiver(() => answer(200, "inside"));
  here = await openReceiver(
    (request) => {
      const { pathname, searchParams } = new URL(pathOf(request), "http://x");
      const count = Number(searchParams.get("count"));
      if (pathname === "/loop") return to(count > 1 ? `/loop?count=${count - 1}` : "/end");
      if (pathname === "/to")
        return to(searchParams.get("where")!, Number(searchParams.get("status") ?? 302));
      return answer(200, "end", {
        refresh: `0; url=http://127.0.0.1:${inside.port}/`,
        "alt-svc": 'h2="127.0.0.1:1"',
      });
    },
    { host: "127.0.0.2" },
  );
});
afterAll(async () => {
  dns.close();
  await Promise.all([here, there, inside].map((one) => one.close()));
});

const door = () => openOutbound({ dnsServers: [dns.at], allow: ["127.0.0.2"] });
const at = (path: string) => `http://here.test:${here.port}${path}`;
const leading = (where: string, status = 302) =>
  at(`/to?status=${status}&where=${encodeURIComponent(where)}`);

test("a redirect is the answer itself unless following is asked for", async () => {
  for (const status of [301, 302, 303, 307, 308]) {
    const got = await door().request({ url: leading(`http://127.0.0.1:${inside.port}/`, status) });
    expect([got.status, got.headers.get("location")]).toEqual([status, `http://127.0.0.1:${inside.port}/`]);
  }
  const ending = await door().request({ url: at("/end"), redirectsMax: 3 });
  expect([ending.status, ending.text()]).toEqual([200, "end"]);
  expect(inside.connections).toBe(0);
});

test("each hop is vetted again: what is inside stays unreached by every redirect and spelling", async () => {
  const places = [
    ...[
      `http://127.0.0.1:${inside.port}/`,
      `http://2130706433:${inside.port}/`,
      `//127.0.0.1:${inside.port}/`,
    ],
    ...[
      `http://[::ffff:127.0.0.1]:${inside.port}/`,
      "http://169.254.169.254/latest/meta-data/",
      "http://10.0.0.1:6379/",
    ],
  ];
  for (const status of [301, 302, 303, 307, 308])
    for (const place of places)
      expect([
        place,
        (await failureOf(door().request({ url: leading(place, status), redirectsMax: 3, plain: true }))).kind,
      ]).toEqual([place, "refused"]);
  expect(inside.connections).toBe(0);
});

test("no redirect leaves http and https, holds a user name, or goes to another protocol's port", async () => {
  for (const place of [
    "file:///etc/passwd",
    "gopher://there.test/",
    "javascript:alert(1)",
    "http://u:p@there.test/",
    "http://",
  ])
    expect((await failureOf(door().request({ url: leading(place), redirectsMax: 3 }))).kind).toBe(
      "redirects",
    );
  const port = await failureOf(door().request({ url: leading("https://example.com:22/"), redirectsMax: 3 }));
  expect(port.kind).toBe("refused");
});

test("the body of a redirect is not read, and its connection is closed", async () => {
  const endless = await openReceiver(
    (request, socket) => {
      if (request.includes("/end")) return answer(200, "end");
      socket.write("HTTP/1.1 302 Found\r\nlocation: /end\r\n\r\n");
      const pour = () => {
        while (!socket.destroyed && socket.write("x".repeat(65_536)));
      };
      socket.on("drain", pour);
      pour();
      return undefined;
    },
    { host: "127.0.0.2" },
  );
  const got = await door().request({ url: `http://here.test:${endless.port}/`, redirectsMax: 1 });
  expect(got.text()).toBe("end");
  await endless.closed();
  await endless.close();
});

test("as many hops are followed as were asked for, and not one more", async () => {
  const got = await door().request({ url: at("/loop?count=3"), redirectsMax: 3 });
  expect([got.status, got.text(), got.url]).toEqual([200, "end", at("/end")]);
  const { kind } = await failureOf(door().request({ url: at("/loop?count=4"), redirectsMax: 3 }));
  expect(kind).toBe("redirects");
});

test("what was meant for one origin is not told to another", async () => {
  const headers = {
    authorization: "Bearer secret-1",
    cookie: "session=secret-2",
    "X-Api-Key": "secret-3",
    accept: "text/html",
  };
  await door().request({ url: at("/to?where=/end"), redirectsMax: 1, headers });
  expect(here.requests.at(-1)).toContain("secret-1");
  const got = await door().request({
    url: leading(`http://there.test:${there.port}/x`),
    redirectsMax: 1,
    headers,
  });
  expect(got.text()).toBe("there /x");
  expect(there.requests.at(-1)).not.toContain("secret");
  expect(there.requests.at(-1)).toContain("accept: text/html");
  expect(there.requests.at(-1)).toContain(`host: there.test:${there.port}`);
});

test("a body is never sent a second time", async () => {
  const before = there.connections;
  for (const method of ["POST", "GET"]) {
    const url = leading(`http://there.test:${there.port}/x`, 307);
    const got = await door().request({ url, method, body: "secret", redirectsMax: 3 });
    expect([got.status, there.connections]).toEqual([307, before]);
  }
});

test("what the operator configured does not lead elsewhere inside", async () => {
  const { operator } = openOutbound({ dnsServers: [dns.at] });
  expect((await operator.request({ url: at("/to?where=/end"), redirectsMax: 1 })).text()).toBe("end");
  const { kind } = await failureOf(
    operator.request({ url: leading(`http://127.0.0.1:${inside.port}/`), redirectsMax: 1 }),
  );
  expect([kind, inside.connections]).toEqual(["refused", 0]);
});

test("a stranger does not lead back to what the operator configured", async () => {
  // Open is the stranger alone; the operator's own address is not.
  const stranger = await openReceiver(() => to(`http://127.0.0.1:${own.port}/drop`));
  const own: Receiver = await openReceiver((request) =>
    pathOf(request) === "/" ? to(`http://stranger.test:${stranger.port}/`) : answer(200, "dropped"),
  );
  zone.set("stranger.test", "127.0.0.1");
  const { operator } = openOutbound({ dnsServers: [dns.at], allow: [`stranger.test:${stranger.port}`] });
  const { kind } = await failureOf(
    operator.request({ url: `http://127.0.0.1:${own.port}/`, redirectsMax: 3 }),
  );
  expect([kind, stranger.connections, own.connections]).toEqual(["refused", 1, 1]);
  await Promise.all([stranger.close(), own.close()]);
});
