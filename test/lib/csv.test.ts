import { expect, test } from "bun:test";
import { csvLine, inert, original } from "../../src/lib/csv.ts";

const payloads = [
  "=1+1",
  "+1",
  "-1",
  "@sum(a1)",
  "\t=1",
  "\r=1",
  "\n=1",
  "\0=1",
  "＝1+1",
  "＋1",
  "－1",
  "＠x",
  "'=1",
  "''=1",
  "'plain",
  "plain",
  "a;=1",
  'say "=1"',
  "",
];

test("no cell begins like a formula, and each is read back as it was", () => {
  for (const payload of payloads) {
    expect(inert(payload)).not.toMatch(/^[=+\-@\t\r\n\0＝＋－＠]/);
    expect(original(inert(payload))).toBe(payload);
  }
});

test("a line quotes whatever some program takes for the end of a cell", () => {
  expect(csvLine(["a", "b;c", 'd"e', "f\r\ng", "=h", " i"])).toBe(`a,"b;c","d""e","f\r\ng","'=h"," i"\r\n`);
});
