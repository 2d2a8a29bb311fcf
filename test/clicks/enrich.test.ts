import { describe, expect, test } from "bun:test";
import { agentReader } from "../../src/clicks/enrich/agent.ts";
import { enricher } from "../../src/clicks/enrich/enrich.ts";
import { primaryLanguage } from "../../src/clicks/enrich/language.ts";
import { memo } from "../../src/clicks/enrich/memo.ts";
import { readReferrer } from "../../src/clicks/enrich/referrer.ts";
import { readUtm } from "../../src/clicks/enrich/utm.ts";
import type { RecordedVisit } from "../../src/clicks/journal/decode.ts";
import { CHROME, NOON } from "./support/visits.ts";

describe("a user agent", () => {
  const read = agentReader();
  test.each([
    [CHROME, "desktop", "Chrome", "126", "Windows", "Blink"],
    [
      "Mozilla/5.0 (iPhone; CPU iPhone OS 17_4_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4.1 Mobile/15E148 Safari/604.1",
      "mobile",
      "Safari",
      "17.4",
      "iOS",
      "WebKit",
    ],
    [
      "Mozilla/5.0 (iPad; CPU OS 16_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/16.0 Mobile/15E148 Safari/604.1",
      "tablet",
      "Safari",
      "16",
      "iOS",
      "WebKit",
    ],
    [
      "Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0",
      "desktop",
      "Firefox",
      "127",
      "Linux",
      "Gecko",
    ],
  ])("%s is read", (userAgent, device, browser, browserVersion, os, engine) => {
    expect(read(userAgent)).toMatchObject({ device, browser, browserVersion, os, engine, verdict: "human" });
  });

  test("that says nothing is nothing, and a bot's", () => {
    expect(read("")).toMatchObject({ device: "", browser: "", os: "", verdict: "bot" });
    expect(read("(((")).toMatchObject({ device: "", os: "" });
  });
});

test.each([
  ["https://www.News.example/story?id=7#top", "news.example", "https://www.news.example/story"],
  ["http://news.example:8080/a", "news.example", "http://news.example:8080/a"],
  ["https://user:secret@news.example/", "news.example", "https://news.example/"],
  ["android-app://com.slack/", "com.slack", "android-app://com.slack/"],
  ["", "", ""],
  ["not a url", "", ""],
  ["about:blank", "", ""],
  ["javascript:alert(1)", "", ""],
])("the referrer %p comes from %p", (header, host, url) => {
  expect(readReferrer(header)).toEqual({ host, url });
});

test.each([
  ["de-AT,de;q=0.9", "de"],
  ["en", "en"],
  ["EN-us", "en"],
  [" fr;q=0.5", "fr"],
  ["fil-PH", "fil"],
  ["*", ""],
  ["", ""],
  ["x", ""],
  ["english", ""],
])("the language of %p is %p", (header, language) => {
  expect(primaryLanguage(header)).toBe(language);
});

test("campaign parameters are read, cut, and free of zero bytes", () => {
  expect(
    readUtm("utm_source=a%20b&utm_medium=m&utm_campaign=c&utm_term=t&utm_content=x&utm_source=second"),
  ).toEqual({
    utmSource: "a b",
    utmMedium: "m",
    utmCampaign: "c",
    utmTerm: "t",
    utmContent: "x",
  });
  expect(readUtm("a=b&source=c").utmSource).toBe("");
  expect(readUtm(`utm_source=${"x".repeat(999)}`).utmSource).toHaveLength(255);
  expect(readUtm("utm_source=a%00b").utmSource).toBe("ab");
  expect(readUtm("utm_source=%E0%A4%A").utmSource).not.toBe("");
});

test("a memory of headers never holds more than twice its size, and keeps what is asked for often", () => {
  let made = 0;
  const read = memo(10, (key) => ({ key, made: made++ }));
  const first = read("often");
  for (let i = 0; i < 1000; i++) {
    read(`rare ${i}`);
    expect(read("often")).toBe(first);
  }
  expect(made).toBe(1001);
});

test("a click has all its parts, and a verdict of the whole request", () => {
  const recorded: RecordedVisit = {
    id: "clk_01kaaaaaaaaaaaaaaaaaaaaaaa",
    at: NOON,
    workspaceId: "ws_1",
    domainId: "dom_1",
    linkId: "link_1",
    linkVersion: 3,
    outcome: "redirected",
    trigger: "qr",
    method: "GET",
    optedOut: false,
    ruleId: "",
    variantId: "",
    visitor: 5n,
    network: "192.0.2.0/24",
    language: "de-AT",
    purpose: "",
    userAgent: CHROME,
    referrer: "https://www.news.example/?q=1",
    query: "utm_source=mail",
  };
  const enrich = enricher();
  expect(enrich(recorded)).toMatchObject({
    id: recorded.id,
    trigger: "qr",
    verdict: "human",
    reason: "",
    visitor: 5n,
    referrerHost: "news.example",
    browser: "Chrome",
    language: "de",
    utmSource: "mail",
  });
  expect(enrich({ ...recorded, method: "HEAD" })).toMatchObject({ verdict: "bot", reason: "method:HEAD" });
  expect(enrich({ ...recorded, purpose: "prefetch" })).toMatchObject({ verdict: "prefetch" });
});
