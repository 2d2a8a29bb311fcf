import { expect, test } from "bun:test";
import { visitorOf } from "./visitor.ts";

test("nothing of a visitor is read before it is asked for, and nothing twice", () => {
  const asked: string[] = [];
  const agent = {
    device: "mobile",
    brand: "Apple",
    browser: "Safari",
    browserVersion: "17.4",
    os: "iOS",
    osVersion: "17.4",
    engine: "WebKit",
    verdict: "human",
  };
  const visitor = visitorOf(
    {
      headers: { "user-agent": "phone" },
      address: () => {
        asked.push("address");
        return "192.0.2.7";
      },
    },
    {
      agent: (text) => {
        asked.push(`agent ${text}`);
        return agent;
      },
      locate: (address) => {
        asked.push(`locate ${address}`);
        return null;
      },
    },
  );
  expect(asked).toEqual([]);
  expect([visitor.agent.device, visitor.agent.os]).toEqual(["mobile", "iOS"]);
  expect([visitor.place, visitor.place]).toEqual([null, null]);
  expect(visitor.address).toBe("192.0.2.7");
  expect(asked).toEqual(["agent phone", "address", "locate 192.0.2.7"]);
});

test.each([
  ["", []],
  ["de", ["de 1"]],
  ["de-AT, en;q=0.5, fr;q=0.8", ["de-at 1", "fr 0.8", "en 0.5"]],
  ["en;q=0, de;q=0.001", ["de 0.001"]],
  ["*;q=0.1,nl", ["nl 1", "* 0.1"]],
  ["en;q=2, x y, ;;, de;q=abc, pt-BR ; q=0.7", ["pt-br 0.7"]],
  ["a,b", ["a 1", "b 1"]],
])("the languages of %j are read in the order of their weight", (header, expected) => {
  const { languages } = visitorOf({ headers: { "accept-language": header } });
  expect(languages.map(({ tag, quality }) => `${tag} ${quality}`)).toEqual(expected);
});

test("a flood of languages costs no more than the first fifty", () => {
  const header = Array.from({ length: 5000 }, () => "de").join(",");
  expect(visitorOf({ headers: { "accept-language": header } }).languages).toHaveLength(50);
});

test("cookies are found by their whole name, the first of two", () => {
  const visitor = visitorOf({ headers: { cookie: "a=1; b = 2;a=3; =x; c; link_1=a=b" } });
  expect(["a", "b", "c", "", "link_1", "toString"].map((name) => visitor.cookie(name))).toEqual([
    "1",
    "2",
    null,
    null,
    "a=b",
    null,
  ]);
});

test("the visitor's query is read as a form is", () => {
  const { parameters } = visitorOf({ query: "utm_source=a+b&x=%C3%BC&x=2" });
  expect([parameters.get("utm_source"), parameters.getAll("x")]).toEqual(["a b", ["ü", "2"]]);
});
