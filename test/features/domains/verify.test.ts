import { afterAll, beforeAll, beforeEach, expect, test } from "bun:test";
import { OutboundError } from "../../../src/lib/outbound/errors.ts";
import { type Outbound, openOutbound } from "../../../src/lib/outbound/outbound.ts";
import { type TestApp, testApp } from "../../support/app.ts";
import { type DnsServer, openDns, type Zone } from "../../support/dns.ts";

const HERE = "203.0.113.7";
const HERE6 = "2001:db8::7";
/** Public, and asked by nobody: the door of these tests does not go there. */
const ELSEWHERE = "93.184.215.14";

let dns: DnsServer;
let app: TestApp;
let zones: Record<string, Zone> = {};
/** What answers on port 80 of the world, by host. */
let sites: Record<string, (request: Request) => Response | Promise<Response>> = {};
let world: Bun.Server<undefined>;

beforeAll(async () => {
  dns = await openDns((name) => zones[name] ?? { fails: "missing" });
  world = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: (request) => sites[new URL(request.url).hostname]!(request),
  });
  const door = openOutbound({ dnsServers: [dns.at], allow: ["127.0.0.1"] });
  const outbound: Outbound = {
    ...door,
    async request(request) {
      const { hostname } = new URL(request.url);
      if (!sites[hostname]) throw new OutboundError("connect", "Nobody is there.");
      return door.request({ ...request, url: request.url.replace(hostname, `${hostname}:${world.port}`) });
    },
  };
  app = await testApp({ env: { WAYPOST_DNS_SERVERS: dns.at }, outbound });
});
afterAll(async () => {
  await app.close();
  await world.stop(true);
  dns.close();
});
beforeEach(() => {
  sites = {};
  zones = { "links.test": { addresses: [HERE, HERE6] } };
});

const add = async (host: string, on = app) =>
  (await on.call("POST", "/domains", { body: { host } })).body.data;
const verify = async (host: string, on = app) => (await on.call("POST", `/domains/${host}/verify`)).body.data;
const own = async (host: string) => (await verify(host)).ownership;

test("a new domain is pending, serves links as ever, and is told each record to set", async () => {
  expect(await add("go.shop.example")).toMatchObject({
    status: "pending",
    verifiedAt: null,
    checkedAt: null,
  });
  await app.call("POST", "/links", {
    body: { destinationUrl: "https://example.com/", domain: "go.shop.example", slug: "x" },
  });
  expect((await app.visit("http://go.shop.example/x")).status).toBe(302);
  const { domain, ownership, ...said } = await verify("go.shop.example");
  expect(ownership).toMatchObject({ type: "TXT", name: "_waypost.go.shop.example", isSet: false });
  expect(said).toEqual({
    points: null,
    found: [],
    missing: [
      { type: "TXT", name: "_waypost.go.shop.example", value: ownership.value },
      { type: "CNAME", name: "go.shop.example", value: "links.test" },
    ],
    remove: [],
    problem: null,
    siteStatus: null,
  });
  expect(domain).toMatchObject({ status: "pending", checkedAt: new Date(app.clock.now()).toISOString() });
});

test("a domain is verified by its text and an alias, and stays so when the text goes", async () => {
  await add("alias.example");
  const { name, value } = await own("alias.example");
  zones["alias.example"] = { alias: "links.test", addresses: [HERE, HERE6] };
  expect(await verify("alias.example")).toMatchObject({ points: "dns", domain: { status: "pending" } });
  zones[name] = { texts: ["v=spf1 -all", value] };
  const { domain, missing } = await verify("alias.example");
  expect([domain.status, missing]).toEqual(["verified", []]);
  expect((await app.events()).at(-1)).toBe("domain.verified");
  delete zones[name];
  expect((await verify("alias.example")).domain.status).toBe("verified");
});

test("addresses will do where a name begins a zone, and every one of them must lead here", async () => {
  await add("apex.example");
  const { name, value } = await own("apex.example");
  zones[name] = { texts: [value] };
  zones["apex.example"] = { zone: true, addresses: [HERE, ELSEWHERE] };
  const { domain, missing, remove, found } = await verify("apex.example");
  expect(domain.status).toBe("pending");
  expect(found).toContainEqual({ type: "A", name: "apex.example", value: ELSEWHERE });
  expect(missing).toEqual([{ type: "AAAA", name: "apex.example", value: HERE6 }]);
  expect(remove).toEqual([{ type: "A", name: "apex.example", value: ELSEWHERE }]);
  zones["apex.example"] = { zone: true, addresses: [HERE] };
  expect((await verify("apex.example")).domain.status).toBe("verified");
});

test("an alias to somebody else is to be removed, and the text of another workspace is none", async () => {
  await add("other.example");
  zones["other.example"] = { alias: "shops.example", addresses: [ELSEWHERE] };
  zones["_waypost.other.example"] = { texts: ["waypost-verify=00000000000000000000000000000000"] };
  const { missing, remove, ownership } = await verify("other.example");
  expect(ownership.isSet).toBe(false);
  expect(remove).toEqual([{ type: "CNAME", name: "other.example", value: "shops.example" }]);
  expect(missing.map(({ type }: { type: string }) => type)).toEqual(["TXT", "CNAME"]);
});

test("a site that is there today is told of, before it is taken away", async () => {
  await add("site.example");
  zones["site.example"] = { addresses: ["127.0.0.1"] };
  sites["site.example"] = () => new Response("welcome");
  expect(await verify("site.example")).toMatchObject({ points: null, siteStatus: 200 });
  sites["site.example"] = () => Response.redirect("https://www.site.example/", 301);
  expect((await verify("site.example")).siteStatus).toBe(301);
  delete sites["site.example"];
  expect((await verify("site.example")).siteStatus).toBeNull();
});

test("a proxy in front is known by what it brings here, and nobody can answer for another host", async () => {
  await add("proxied.example");
  await add("liar.example");
  const through = (host: string) => (request: Request) =>
    app.visit(`http://${host}${new URL(request.url).pathname}`);
  for (const host of ["proxied.example", "liar.example"]) {
    const { name, value } = await own(host);
    zones[name] = { texts: [value] };
    zones[host] = { addresses: ["127.0.0.1"] };
    sites[host] = through("proxied.example");
  }
  expect(await verify("proxied.example")).toMatchObject({
    points: "proxy",
    missing: [],
    siteStatus: null,
    domain: { status: "verified" },
  });
  expect(await verify("liar.example")).toMatchObject({ points: null, domain: { status: "pending" } });
});

test("what a server within says of inner addresses is not told", async () => {
  await add("inner.example");
  zones["inner.example"] = { addresses: ["10.1.2.3"] };
  expect((await verify("inner.example")).found).toEqual([
    { type: "A", name: "inner.example", value: "an address inside" },
  ]);
});

test("a DNS that does not answer takes nothing away", async () => {
  await add("shaky.example");
  const { name, value } = await own("shaky.example");
  zones[name] = { texts: [value] };
  zones["shaky.example"] = { addresses: [HERE] };
  await verify("shaky.example");
  zones["shaky.example"] = { fails: "broken" };
  const { domain, problem } = await verify("shaky.example");
  expect([domain.status, problem]).toEqual(["verified", "DNS gave no answer about shaky.example just now."]);
});

test("a domain that leads elsewhere later is lost, and found again", async () => {
  await add("moved.example");
  const { name, value } = await own("moved.example");
  zones[name] = { texts: [value] };
  zones["moved.example"] = { addresses: [HERE] };
  await verify("moved.example");
  zones["moved.example"] = {};
  expect((await verify("moved.example")).domain.status).toBe("lost");
  expect((await app.events()).at(-1)).toBe("domain.lost");
  zones["moved.example"] = { addresses: [HERE] };
  expect((await verify("moved.example")).domain.status).toBe("verified");
});

test("nobody verifies the domain of another workspace, or the installation's own", async () => {
  await add("mine.example");
  const key = await app.stranger();
  expect((await app.call("POST", "/domains/mine.example/verify", { key })).status).toBe(404);
  expect((await app.call("POST", "/domains/links.test/verify")).status).toBe(403);
});

test("whoever shows that a host is theirs takes it from a workspace that never did", async () => {
  const key = await app.stranger();
  const claim = () => app.call("POST", "/domains", { key, body: { host: "claimed.example" } });
  const { id } = await add("claimed.example");
  await app.call("POST", "/links", {
    body: { destinationUrl: "https://example.com/", domain: "claimed.example", slug: "theirs" },
  });
  expect((await app.visit("http://claimed.example/theirs")).status).toBe(302);
  const refused = await claim();
  expect([refused.status, refused.body.error.details[0].path]).toEqual([409, "/host"]);
  const value = /waypost-verify=[0-9a-f]{32}/.exec(refused.body.error.message)![0];
  expect(value).not.toBe((await own("claimed.example")).value);
  zones["_waypost.claimed.example"] = { texts: [value] };
  const { status, body } = await claim();
  expect([status, body.data.host]).toEqual([201, "claimed.example"]);
  expect((await app.visit("http://claimed.example/theirs")).status).toBe(404);
  expect((await app.call("GET", `/domains/${id}`)).body.data).toMatchObject({
    host: `${id.replace("_", "-")}.invalid`,
    archivedAt: expect.any(String),
    isDefault: false,
  });
  expect((await app.events()).slice(-2)).toEqual(["domain.released", "domain.created"]);
});

test("a verified host is taken by nobody, whatever DNS says later", async () => {
  const key = await app.stranger();
  const claim = () => app.call("POST", "/domains", { key, body: { host: "safe.example" } });
  await add("safe.example");
  const theirs = /waypost-verify=[0-9a-f]{32}/.exec((await claim()).body.error.message)![0];
  const { name, value } = await own("safe.example");
  zones[name] = { texts: [value] };
  zones["safe.example"] = { addresses: [HERE] };
  await verify("safe.example");
  zones[name] = { texts: [theirs] };
  const refused = await claim();
  expect([refused.status, refused.text]).toEqual([409, expect.not.stringContaining("waypost-verify")]);
  expect((await verify("safe.example")).domain.status).toBe("verified");
});

test("domains are looked at by themselves, and only what has changed is told", async () => {
  await add("soon.example");
  const { name, value } = await own("soon.example");
  zones[name] = { texts: [value] };
  zones["soon.example"] = { addresses: [HERE] };
  const before = (await app.events()).length;
  app.clock.advance(5 * 60_000 + 1);
  await app.app.worker.idle();
  const { body } = await app.call("GET", "/domains/soon.example");
  expect(body.data).toMatchObject({
    status: "verified",
    checkedAt: new Date(app.clock.now()).toISOString(),
  });
  expect((await app.events()).slice(before).filter((type) => type === "domain.checked")).toEqual([]);
  const asked = dns.asked.length;
  app.clock.advance(5 * 60_000 + 1);
  await app.app.worker.idle();
  const again = dns.asked.slice(asked).filter((question) => question.name === "soon.example");
  expect(again).toEqual([]);
});

test("a server in front learns which hosts are served, asking nobody who it is", async () => {
  await add("asked.example");
  const ask = async (domain: string) =>
    (await app.call("GET", `/domains/check?domain=${encodeURIComponent(domain)}`, { key: null })).status;
  expect(await ask("asked.example")).toBe(200);
  expect(await ask("ASKED.example.")).toBe(200);
  expect(await ask("links.test")).toBe(200);
  for (const none of ["nobody.example", "sub.asked.example", "*.example", "127.0.0.1", "a b"])
    expect([none, await ask(none)]).toEqual([none, 404]);
  expect((await app.call("GET", "/domains/check", { key: null })).status).toBe(400);
  expect((await app.visit("http://asked.example/api/v1/domains/check?domain=asked.example")).status).toBe(
    404,
  );
  expect((await app.visit("http://links.test/api/v1/domains/check?domain=asked.example")).status).toBe(200);
});

test("servers in front are counted as anybody without a key is", async () => {
  const limited = await testApp({ env: { WAYPOST_RATE_LIMIT_ANONYMOUS: "2" } });
  const ask = (address: string) =>
    limited.call("GET", "/domains/check?domain=links.test", { key: null, address });
  const statuses = [];
  for (let i = 0; i < 3; i++) statuses.push((await ask("192.0.2.7")).status);
  expect([...statuses, (await ask("198.51.100.7")).status]).toEqual([200, 200, 429, 200]);
  await limited.close();
});

test("where the operator insists, only verified domains serve, are known to servers in front, and stop loops", async () => {
  const strict = await testApp({ env: { WAYPOST_DNS_SERVERS: dns.at, WAYPOST_DOMAINS_VERIFY: "true" } });
  const ask = async () =>
    (await strict.call("GET", "/domains/check?domain=must.example", { key: null })).status;
  const visit = async (path: string) => (await strict.visit(`http://must.example${path}`)).status;
  const link = (body: Record<string, unknown>) => strict.call("POST", "/links", { body });
  await add("must.example", strict);
  await link({ destinationUrl: "https://example.com/", domain: "must.example", slug: "x" });
  const towards = { destinationUrl: "https://must.example/y", domain: "links.test", slug: "towards" };
  expect((await link(towards)).status).toBe(201);
  expect((await strict.visit("http://links.test/towards")).status).toBe(302);
  await strict.call("PATCH", "/domains/must.example/files", { body: { robots: "# mine" } });
  const robots = async () => await (await strict.visit("http://must.example/robots.txt")).text();
  expect([await visit("/x"), await ask()]).toEqual([404, 404]);
  expect(await robots()).not.toContain("# mine");
  const { name, value } = (await verify("must.example", strict)).ownership;
  zones[name] = { texts: [value] };
  zones["must.example"] = { alias: "links.test", addresses: [HERE] };
  expect((await verify("must.example", strict)).domain.status).toBe("verified");
  expect([await visit("/x"), await ask()]).toEqual([302, 200]);
  expect(await robots()).toBe("# mine");
  expect((await strict.visit("http://links.test/towards")).status).toBe(508);
  expect((await link({ ...towards, slug: "again" })).status).toBe(400);
  await strict.close();
});

test("the operator says where domains point, and without that and a name it is not known", async () => {
  const env = { WAYPOST_DNS_SERVERS: dns.at, WAYPOST_BASE_URL: "http://localhost:8080" };
  const nowhere = await testApp({ env });
  await add("where.example", nowhere);
  expect((await verify("where.example", nowhere)).problem).toContain("WAYPOST_DOMAINS_ADDRESSES");
  await nowhere.close();
  const said = await testApp({ env: { ...env, WAYPOST_DOMAINS_ADDRESSES: `${HERE}, ${HERE6}` } });
  await add("where.example", said);
  zones["where.example"] = { addresses: [HERE6] };
  const { points, missing } = await verify("where.example", said);
  expect([points, missing.map(({ type }: { type: string }) => type)]).toEqual(["dns", ["TXT"]]);
  await said.close();
});
