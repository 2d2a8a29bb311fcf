import { afterAll, beforeAll, expect, test } from "bun:test";
import { type Answer, type TestApp, testApp } from "../support/app.ts";

let app: TestApp;
beforeAll(async () => {
  app = await testApp();
});
afterAll(() => app.close());

const body = { destinationUrl: "https://example.com/" };
const raw = async (method: string, path: string, init: RequestInit = {}): Promise<Answer> => {
  const request = new Request(`http://links.test/api/v1${path}`, {
    method,
    ...init,
    headers: { authorization: `Bearer ${app.owner}`, ...(init.headers as Record<string, string>) },
  });
  const response = await app.app.api.fetch(request, "192.0.2.1");
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, body: text ? JSON.parse(text) : null };
};

test("every answer carries its request id in header and body, and takes over a harmless one of the client", async () => {
  const own = await app.call("GET", "/links", { headers: { "x-request-id": "client-1_A" } });
  expect([own.headers.get("x-request-id"), own.body.meta.requestId]).toEqual(["client-1_A", "client-1_A"]);
  for (const hostile of ["a b", "x".repeat(65), "<script>", "a\tb"]) {
    const { headers, body: answer } = await app.call("GET", "/links", {
      headers: { "x-request-id": hostile },
    });
    expect(headers.get("x-request-id")).toMatch(/^req_[0-9a-z]{26}$/);
    expect(answer.meta.requestId).toBe(headers.get("x-request-id"));
  }
  const refused = await app.call("GET", "/links", { key: null });
  expect(refused.body.meta.requestId).toBe(refused.headers.get("x-request-id"));
});

test("a body that is not JSON is refused with 415, whatever it looks like", async () => {
  const json = JSON.stringify(body);
  for (const type of [
    "text/plain",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "application/jsonp",
    "application/json; charset=utf-16",
    "",
  ]) {
    const { status, body: answer } = await raw("POST", "/links", {
      body: json,
      headers: { "content-type": type },
    });
    expect([type, status, answer.error.code]).toEqual([type, 415, "UNSUPPORTED_MEDIA_TYPE"]);
  }
  const zipped = await raw("POST", "/links", {
    body: Bun.gzipSync(Buffer.from(json)),
    headers: { "content-type": "application/json", "content-encoding": "gzip" },
  });
  expect(zipped.status).toBe(415);
  const fine = await raw("POST", "/links", {
    body: json,
    headers: { "content-type": "application/json; charset=UTF-8" },
  });
  expect(fine.status).toBe(201);
});

test("a wrong method is 405 with Allow; an address nobody has is 404; OPTIONS tells what there is", async () => {
  const wrong = await app.call("PUT", "/links");
  expect([wrong.status, wrong.body.error.code]).toEqual([405, "METHOD_NOT_ALLOWED"]);
  expect(wrong.headers.get("allow")).toBe("GET, HEAD, OPTIONS, POST");
  expect((await app.call("OPTIONS", "/links")).headers.get("allow")).toBe("GET, HEAD, OPTIONS, POST");
  for (const path of ["/link", "/links/", "//links", "/links/x/y/z", "/Links", "/links.json", "/links;x"])
    expect([path, (await app.call("GET", path)).status]).toEqual([path, 404]);
});

test("HEAD answers like GET, without a body", async () => {
  const head = await app.call("HEAD", "/links");
  expect([head.status, head.text]).toEqual([200, ""]);
});

test("parsers get no bomb: odd JSON is refused, never a failure of ours", async () => {
  const deep = `${"[".repeat(100_000)}${"]".repeat(100_000)}`;
  const many = `{${Array.from({ length: 50_000 }, (_, i) => `"k${i}":1`).join(",")}}`;
  for (const text of [
    deep,
    `{"destinationUrl":${deep}}`,
    many,
    "{",
    "",
    "nul",
    '"text"',
    "1e400",
    '{"destinationUrl":1e400}',
    '{"destinationUrl":"\\ud800"}',
    "\ufeff{}",
    '{"destinationUrl":"https://e.co","tags":{"length":1}}',
    "[".repeat(1000),
  ]) {
    const answer = await raw("POST", "/links", {
      body: text,
      headers: { "content-type": "application/json" },
    });
    expect([text.slice(0, 40), answer.status]).toEqual([text.slice(0, 40), 400]);
    expect(answer.body.error.code).toBe("VALIDATION_ERROR");
  }
  expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
});

test("a body over the limit is 413", async () => {
  const text = JSON.stringify({ ...body, description: "x".repeat(1024 * 1024) });
  const answer = await raw("POST", "/links", {
    body: text,
    headers: { "content-type": "application/json", "content-length": String(Buffer.byteLength(text)) },
  });
  expect([answer.status, answer.body.error.code]).toEqual([413, "PAYLOAD_TOO_LARGE"]);
});

test("a foreign id, a missing id and nonsense get the same answer", async () => {
  const stranger = await app.stranger();
  const { body: theirs } = await app.call("POST", "/links", { key: stranger, body });
  const foreign = await app.call("GET", `/links/${theirs.data.id}`);
  const missing = await app.call("GET", `/links/link_${"0".repeat(26)}`);
  const nonsense = await app.call("GET", "/links/nonsense");
  for (const answer of [foreign, missing, nonsense]) {
    expect(answer.status).toBe(404);
    expect(answer.body.error).toEqual(foreign.body.error);
  }
});

test("injected SQL is data", async () => {
  for (const text of ["' or 1=1 --", '"; drop table links; --', "%' escape '\\", "\\", "_", "\0"]) {
    const found = await app.call("GET", `/links?search=${encodeURIComponent(text)}`);
    expect(found.status).toBeLessThan(500);
    const named = await app.call("GET", `/links/${encodeURIComponent(text)}?domain=links.test`);
    expect(named.status).toBeLessThan(500);
    const tagged = await app.call("GET", `/links?tag=${encodeURIComponent(text)}`);
    expect(tagged.status).toBeLessThan(500);
  }
  expect((await app.call("GET", "/links/count")).status).toBe(200);
});
