import { describe, expect, test } from "bun:test";
import { escaped, pageResponse, pages } from "../../src/redirect/pages.ts";

describe("our own pages", () => {
  test.each(Object.entries(pages))(
    "%s runs nothing, loads nothing and is kept by nobody",
    async (_, page) => {
      const response = pageResponse(page);
      const html = await response.text();
      expect(response.status).toBe(page.status);
      expect(html).not.toMatch(/<script|<link|<img|<iframe|src=|href=|url\(|@import|\son\w+=/i);
      expect(response.headers.get("cache-control")).toBe("private, no-store");
      expect(response.headers.get("x-robots-tag")).toContain("noindex");
      const policy = response.headers.get("content-security-policy")!;
      expect(policy).toStartWith("default-src 'none'");
      const style = /<style>([\s\S]*)<\/style>/.exec(html)![1]!;
      expect(policy).toContain(`'sha256-${new Bun.CryptoHasher("sha256").update(style).digest("base64")}'`);
    },
  );

  test("they are served whole every time", async () => {
    const first = await pageResponse(pages.not_found).text();
    expect(await pageResponse(pages.not_found).text()).toBe(first);
  });

  test("what is escaped can close neither an element nor an attribute", () =>
    expect(escaped(`<a b="c" d='e'>&`)).not.toMatch(/[<>"']|&(?!#\d+;)/));
});
