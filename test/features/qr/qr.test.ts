import { afterAll, beforeAll, expect, test } from "bun:test";
import { inflateSync } from "node:zlib";
import { draw } from "../../../src/features/qr/drawing.ts";
import { pdfPen } from "../../../src/features/qr/pdf.ts";
import { plainStyle } from "../../../src/features/qr/style.ts";
import { svgPen } from "../../../src/features/qr/svg.ts";
import { type TestApp, testApp } from "../../support/app.ts";
import { PIXEL } from "../../support/operations.ts";
import { dataUrl, readImage } from "./reading.ts";

let app: TestApp;
let stranger: string;
let link: { id: string; shortUrl: string };
beforeAll(async () => {
  app = await testApp();
  stranger = await app.stranger();
  const body = { destinationUrl: "https://example.com/landing?a=1", slug: "summer" };
  link = (await app.call("POST", "/links", { body })).body.data;
});
afterAll(() => app.close());

const fetched = (path: string, headers: Record<string, string> = {}, key = app.owner): Promise<Response> =>
  app.app.api.fetch(
    new Request(`http://links.test/api/v1${path}`, {
      headers: { authorization: `Bearer ${key}`, ...headers },
    }),
    "192.0.2.1",
  );
const bytesOf = async (path: string): Promise<Uint8Array> => (await fetched(path)).bytes();

test("a link's code leads to it with the mark of a scan, in every format", async () => {
  for (const format of ["png", "webp", "jpeg"]) {
    const answer = await fetched(`/links/${link.id}/qr?format=${format}&size=200`);
    expect(answer.headers.get("content-type")).toBe(`image/${format}`);
    const bytes = await answer.bytes();
    expect(await readImage(bytes)).toBe("http://links.test/summer?qr=1");
    expect(await new Bun.Image(bytes).metadata()).toEqual({ width: 200, height: 200, format } as never);
  }
  const png = await fetched(`/links/summer/qr?domain=links.test&size=200`);
  expect(await readImage(await png.bytes())).toBe("http://links.test/summer?qr=1");
  expect(png.headers.get("content-disposition")).toBe('inline; filename="summer.png"');
});

test("any web address is encoded as it is; one on a domain of ours gets the mark of a scan, once", async () => {
  const said = async (url: string) => readImage(await bytesOf(`/qr?size=300&url=${encodeURIComponent(url)}`));
  expect(await said("https://example.org/a?b=c#d")).toBe("https://example.org/a?b=c#d");
  expect(await said("http://links.test/summer")).toBe("http://links.test/summer?qr=1");
  expect(await said("http://links.test/summer?a=1#x")).toBe("http://links.test/summer?a=1&qr=1#x");
  expect(await said("http://links.test/summer?qr=1")).toBe("http://links.test/summer?qr=1");
});

test("what is no web address is refused", async () => {
  for (const url of [
    "javascript:alert(1)",
    "ftp://example.com/",
    "example.com",
    "https://a:b@example.com/",
  ]) {
    const { status, body } = await app.call("GET", `/qr?url=${encodeURIComponent(url)}`);
    expect([url, status, body.error.details[0].path]).toEqual([url, 400, "/url"]);
  }
});

test("an SVG holds nothing but shapes, and may do nothing when it is opened by itself", async () => {
  const answer = await fetched(
    `/links/${link.id}/qr?format=svg&frame=below&frameText=${encodeURIComponent(`<script>"&'`)}`,
  );
  const { headers } = answer;
  expect(headers.get("content-security-policy")).toBe("default-src 'none'; img-src data:; sandbox");
  expect(headers.get("x-content-type-options")).toBe("nosniff");
  const svg = await answer.text();
  expect([...new Set(svg.match(/<\/?\w+/g))].sort()).toEqual(["</svg", "</title", "<path", "<svg", "<title"]);
  const hostile = await fetched(
    `/qr?format=svg&url=${encodeURIComponent("https://example.com/?a=<x>&b='\"")}`,
  );
  const text = await hostile.text();
  expect(text).toContain("<title>QR code: https://example.com/?a=%3Cx%3E&amp;b=%27%22</title>");
});

test("whoever has the image already is told so, and it is another one as soon as anything in it is", async () => {
  const path = `/links/${link.id}/qr?format=svg`;
  const first = await fetched(path);
  const etag = first.headers.get("etag")!;
  expect(first.headers.get("cache-control")).toBe("private, max-age=60, must-revalidate");
  expect(first.headers.get("vary")).toContain("authorization");
  const again = await fetched(path, { "if-none-match": etag });
  expect([again.status, await again.text()]).toEqual([304, ""]);
  const others = await Promise.all(
    ["&level=H", "&dots=dots", "&foreground=222222", "&size=400"].map((more) => fetched(path + more)),
  );
  const etags = new Set([etag, ...others.map(({ headers }) => headers.get("etag"))]);
  expect(etags.size).toBe(5);
});

test("a look that scanners cannot read is refused, with the field and the reason", async () => {
  const refusals: readonly [query: string, path: string, reason: RegExp][] = [
    ["foreground=eeeeee", "/foreground", /contrast of 1\.2/],
    ["foreground=ffffff&background=000000", "/foreground", /darker than background/],
    ["gradient=linear&gradientTo=ffff00", "/gradientTo", /contrast/],
    ["margin=3", "/margin", /4 to 32/],
    ["eyeFrame=square&eyeBall=circle", "/eyeBall", /square or rounded/],
    ["frame=below&frameColor=000000&frameTextColor=111111", "/frameTextColor", /cannot be read/],
    [`frame=below&frameText=${encodeURIComponent("扫我")}`, "/frameText", /Latin, Greek and Cyrillic/],
    ["size=64&level=H", "/size", /at least \d+ for this code/],
    [`logo=${encodeURIComponent(PIXEL)}&level=L&logoSize=30`, "/logoSize", /may be covered/],
    ["logo=domain", "/logo", /not there/],
    ["logo=https%3A%2F%2Fexample.com%2Flogo.png", "/logo", /nothing is fetched/],
    ["template=qr_00000000000000000000000000", "/template", /not one of this workspace/],
  ];
  for (const [query, path, reason] of refusals) {
    const { status, body } = await app.call("GET", `/links/${link.id}/qr?${query}`);
    expect([query, status, body.error.details[0]]).toEqual([
      query,
      400,
      { path, message: expect.stringMatching(reason) },
    ]);
  }
});

test("values of another kind or size are refused by name", async () => {
  const wrong: readonly [query: string, path: string][] = [
    ["size=63", "/size"],
    ["size=2049", "/size"],
    ["size=10000", "/size"],
    ["margin=33", "/margin"],
    ["level=X", "/level"],
    ["foreground=red", "/foreground"],
    ["foreground=%2312345", "/foreground"],
    ["background=javascript:1", "/background"],
    ["dots=heart", "/dots"],
    ["format=gif", "/format"],
    ["gradientAngle=360", "/gradientAngle"],
    ["logoSize=31", "/logoSize"],
    [`frame=below&frameText=${"x".repeat(41)}`, "/frameText"],
    ["frame=below&frameText=%0A", "/frameText"],
    ["colour=1", "/colour"],
  ];
  for (const [query, path] of wrong) {
    const { status, body } = await app.call("GET", `/links/${link.id}/qr?${query}`);
    expect([query, status, body.error.details[0].path]).toEqual([query, 400, path]);
  }
  const long = `https://example.com/${"x".repeat(2000)}`;
  const { status, body } = await app.call("GET", `/qr?level=H&url=${encodeURIComponent(long)}`);
  expect([status, body.error.details[0].message]).toEqual([
    400,
    "url is too long for a QR code with error level H",
  ]);
});

test("a logo is kept small, put into the middle, and the code is still read", async () => {
  const { id: domainId } = (await app.call("GET", "/domains/links.test")).body.data;
  const put = await app.call("PUT", "/qr/logo", { body: { image: await dataUrl(500, 400) } });
  expect([put.status, put.body.data]).toMatchObject([200, { domainId: null, width: 256, height: 205 }]);
  const own = await app.call("PUT", "/qr/logo?domain=links.test", {
    body: { image: await dataUrl(80, 80, "jpeg") },
  });
  expect(own.body.data).toMatchObject({ domainId, width: 80, height: 80 });
  for (const logo of ["workspace", "domain", encodeURIComponent(await dataUrl(20, 20, "webp"))])
    for (const format of ["png", "webp", "jpeg"])
      expect(
        await readImage(await bytesOf(`/links/${link.id}/qr?logo=${logo}&format=${format}&size=300`)),
      ).toBe("http://links.test/summer?qr=1");
  const svg = await (await fetched(`/links/${link.id}/qr?logo=domain&format=svg`)).text();
  expect(svg).toContain(`href="data:image/png;base64,`);
  const etag = async () => (await fetched(`/links/${link.id}/qr?logo=domain&format=svg`)).headers.get("etag");
  const before = await etag();
  await app.call("DELETE", "/qr/logo?domain=links.test");
  expect(await etag()).not.toBe(before);
  expect((await app.call("GET", "/qr/logo?domain=links.test")).status).toBe(404);
  await app.call("DELETE", "/qr/logo");
  expect((await app.events()).filter((type) => type.startsWith("qr_logo"))).toEqual([
    "qr_logo.created",
    "qr_logo.created",
    "qr_logo.deleted",
    "qr_logo.deleted",
  ]);
});

test("what is no small picture is no logo: a program, a liar, a bomb, rubbish, something huge", async () => {
  const url = (kind: string, bytes: Uint8Array | string) =>
    `data:image/${kind};base64,${Buffer.from(bytes).toString("base64")}`;
  const png = Buffer.from((await dataUrl(8, 8)).split(",")[1]!, "base64");
  const bomb = Buffer.from(png);
  // It says that it is 60,000 pixels a side, and is some hundred bytes long.
  bomb.writeUInt32BE(60_000, 16);
  bomb.writeUInt32BE(60_000, 20);
  const wrong: readonly [what: string, image: string][] = [
    ["an SVG", url("svg+xml", "<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>")],
    ["a JPEG that is none", url("jpeg", png)],
    ["a bomb", url("png", bomb)],
    ["rubbish", url("png", "rubbish")],
    ["half a picture", url("png", png.subarray(0, 40))],
    ["an address", "https://example.com/logo.png"],
    ["a GIF", url("gif", "GIF89a")],
    ["no base64", "data:image/png;base64,*"],
    ["too much", url("png", new Uint8Array(300_000))],
  ];
  for (const [what, image] of wrong) {
    const { status, body } = await app.call("PUT", "/qr/logo", { body: { image } });
    expect([what, status, body.error.details[0].path]).toEqual([what, 400, "/image"]);
  }
  for (const [what, image] of wrong.slice(0, 5)) {
    const { status, body } = await app.call("GET", `/links/${link.id}/qr?logo=${encodeURIComponent(image)}`);
    expect([what, status, body.error.details[0].path]).toEqual([what, 400, "/logo"]);
  }
});

test("a scan is counted as one, and the destination never sees the mark", async () => {
  const location = async (path: string) =>
    (await app.visit(`http://links.test${path}`)).headers.get("location");
  expect(await location("/summer?qr=1")).toBe("https://example.com/landing?a=1");
  expect(await location("/summer?x=2&qr=1")).toBe("https://example.com/landing?a=1&x=2");
  expect(await location("/summer?qr=2&qrx=1")).toBe("https://example.com/landing?a=1&qr=2&qrx=1");
});

test("the paths of a PDF are those of the SVG", async () => {
  const style = { ...plainStyle, dots: "rounded", eyeFrame: "circle", frame: "below" } as const;
  for (const shape of draw("https://example.com/", style, null, "/url").shapes) {
    const [svg, pdf] = [svgPen(), pdfPen()];
    shape.draw(svg);
    shape.draw(pdf);
    const starts = (text: string, pattern: RegExp) => [...text.matchAll(pattern)].map(([, at]) => at);
    expect(starts(pdf.text(), /(\S+ \S+) m\n/g)).toEqual(starts(svg.text(), /M(-?[\d.]+ -?[\d.]+)/g));
  }
  const pdf = Buffer.from(await bytesOf(`/links/${link.id}/qr?format=pdf&gradient=radial`)).toString(
    "latin1",
  );
  expect(pdf.slice(0, 8)).toBe("%PDF-1.4");
  expect(pdf).toContain("/ShadingType 3");
  const stream = /Length (\d+) >>\nstream\n/.exec(pdf)!;
  const begin = stream.index + stream[0].length;
  const content = inflateSync(Buffer.from(pdf.slice(begin, begin + Number(stream[1])), "latin1")).toString();
  expect(content).toContain("/S0 sh");
  expect(Number(/startxref\n(\d+)/.exec(pdf)![1])).toBe(pdf.indexOf("xref\n0"));
});

test("a sheet holds every link with its caption, on as many pages as it takes; one that is not there is not found", async () => {
  const made: string[] = [];
  for (let i = 0; i < 5; i++)
    made.push(
      (await app.call("POST", "/links", { body: { destinationUrl: "https://example.com/" } })).body.data.id,
    );
  const sheet = await fetched(`/qr/sheet?links=${made}&columns=2&rows=1`);
  expect([sheet.status, sheet.headers.get("content-type")]).toEqual([200, "application/pdf"]);
  expect(
    Buffer.from(await sheet.bytes())
      .toString("latin1")
      .match(/\/Type \/Page /g),
  ).toHaveLength(3);
  expect((await fetched(`/qr/sheet?links=${made[0]}`, {}, stranger)).status).toBe(404);
  const many = Array.from({ length: 101 }, () => made[0]).join(",");
  expect((await app.call("GET", `/qr/sheet?links=${many}`)).body.error.details[0].path).toBe("/links");
});

test("a template gives a look a name; what is asked for stands above it, and the default is for those who name none", async () => {
  const made = await app.call("POST", "/qr/templates", {
    body: { name: "Posters", isDefault: true, style: { foreground: "#00f", dots: "dots", size: 300 } },
  });
  expect([made.status, made.body.data.style]).toMatchObject([
    201,
    { foreground: "#0000ff", dots: "dots", size: 300, margin: 4, level: null },
  ]);
  const { id } = made.body.data;
  const svg = async (query: string) => (await fetched(`/links/${link.id}/qr?format=svg${query}`)).text();
  expect(await svg("")).toContain('fill="#0000ff"');
  expect(await svg("&template=none")).toContain('fill="#000000"');
  expect(await svg(`&template=${id}&foreground=123`)).toContain('fill="#112233"');
  const second = await app.call("POST", "/qr/templates", { body: { name: "Cards", isDefault: true } });
  expect((await app.call("GET", `/qr/templates/${id}`)).body.data.isDefault).toBe(false);
  const patched = await app.call("PATCH", `/qr/templates/${id}`, {
    body: { style: { foreground: null, margin: 8 } },
  });
  expect(patched.body.data.style).toMatchObject({ foreground: "#000000", dots: "dots", margin: 8 });
  expect((await app.call("GET", "/qr/templates")).body.pagination.total).toBe(2);
  await app.call("DELETE", `/qr/templates/${second.body.data.id}`);
  await app.call("DELETE", `/qr/templates/${id}`);
  expect((await app.events()).filter((type) => type.startsWith("qr_template"))).toEqual([
    "qr_template.created",
    "qr_template.updated",
    "qr_template.created",
    "qr_template.updated",
    "qr_template.deleted",
    "qr_template.deleted",
  ]);
});

test("a template that no scanner could read, or with a name in use, is not kept", async () => {
  const { id } = (await app.call("POST", "/qr/templates", { body: { name: "One" } })).body.data;
  const refused = await app.call("POST", "/qr/templates", {
    body: { name: "Two", style: { foreground: "#fafafa" } },
  });
  expect([refused.status, refused.body.error.details[0].path]).toEqual([400, "/style/foreground"]);
  const pale = await app.call("PATCH", `/qr/templates/${id}`, { body: { style: { background: "#222222" } } });
  expect([pale.status, pale.body.error.details[0].path]).toEqual([400, "/style/foreground"]);
  expect((await app.call("POST", "/qr/templates", { body: { name: " ONE " } })).status).toBe(409);
  const unknown = await app.call("POST", "/qr/templates", {
    body: { name: "Three", style: { colour: "red" } },
  });
  expect(unknown.body.error.details[0].path).toBe("/style/colour");
  await app.call("DELETE", `/qr/templates/${id}`);
});

test("templates, logos and links of another workspace are not there", async () => {
  const { id } = (await app.call("POST", "/qr/templates", { body: { name: "Ours" } })).body.data;
  await app.call("PUT", "/qr/logo", { body: { image: PIXEL } });
  const theirs = (method: string, path: string, body?: object) =>
    app.call(method, path, { key: stranger, ...(body ? { body } : {}) });
  for (const [method, path, body] of [
    ["GET", `/qr/templates/${id}`],
    ["PATCH", `/qr/templates/${id}`, { name: "Theirs" }],
    ["DELETE", `/qr/templates/${id}`],
    ["GET", "/qr/logo"],
    ["DELETE", "/qr/logo"],
    ["GET", `/links/${link.id}/qr`],
  ] as const)
    expect([method, path, (await theirs(method, path, body)).status]).toEqual([method, path, 404]);
  expect((await theirs("GET", "/qr/templates")).body.data).toEqual([]);
  expect((await theirs("GET", `/qr?url=https://example.com/&template=${id}`)).status).toBe(400);
  expect((await theirs("GET", "/qr?url=https://example.com/&logo=workspace")).status).toBe(400);
});

test("those who only read see codes and change no look", async () => {
  const viewer = await app.keyOf("viewer");
  expect((await app.call("GET", `/links/${link.id}/qr?format=svg`, { key: viewer })).status).toBe(200);
  expect((await app.call("POST", "/qr/templates", { key: viewer, body: { name: "x" } })).status).toBe(403);
  expect((await app.call("PUT", "/qr/logo", { key: viewer, body: { image: PIXEL } })).status).toBe(403);
});
