import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { checkPassword } from "../../../src/features/identity/password-rules.ts";
import { type TestApp, testApp } from "../../support/app.ts";

// Hashing waits for everybody else on the machine, other tests among them.
setDefaultTimeout(30_000);

const owner = { email: "ada.lovelace@analytical.example", firstName: "Ada", lastName: "Lovelace" };
const isRefused = (password: string): boolean => {
  try {
    checkPassword(password, owner);
    return false;
  } catch {
    return true;
  }
};

describe("the list", () => {
  test("has more than ten thousand passwords from leaks, and refuses them in any case", async () => {
    const file = new URL("../../../src/features/identity/common-passwords.zst", import.meta.url);
    const lines = Buffer.from(Bun.zstdDecompressSync(await Bun.file(file).bytes()))
      .toString()
      .trim()
      .split("\n");
    expect(lines.length).toBeGreaterThan(10_000);
    const long = lines.filter((line) => line.length >= 10);
    expect(long.length).toBeGreaterThan(1000);
    for (const word of long.filter((_, at) => at % 20 === 0))
      for (const form of [word, word.toUpperCase()]) expect([form, isRefused(form)]).toEqual([form, true]);
  });
});

const refused = [
  "1234567890",
  "qwertyuiop",
  "password123",
  "Password2026!",
  "iloveyou2!",
  "dragon123456",
  "!!sunshine!!",
  "letmein.2026",
  "aaaaaaaaaaaa",
  "abababababab",
  "121212121212",
  "ada.lovelace@analytical.example",
  "ada.lovelace1",
  "lovelace2026",
  "analytical99",
  "waypost-2026",
  "Waypost!2345",
];
const taken = [
  "correct horse battery",
  "quiet-harbour-lantern-42",
  "xK9#mQ2$vL7p",
  "Donaudampfschifffahrt",
  "  leading and trailing  ",
  "ゆめみるひとのことば",
  "😀🐳🌵🧭🪁🎻🦉🪐🍋🧩",
  "пароль-длинный-и-редкий",
  "jadwiga-pod-lipami",
  "9375820461739",
  "the lovelace engine weaves algebraic patterns",
];

test("what is guessed first is refused, with decoration too; everything else is taken, whatever it is made of", () => {
  expect(refused.filter((password) => !isRefused(password))).toEqual([]);
  expect(taken.filter(isRefused)).toEqual([]);
});

describe("what was chosen is what opens, byte for byte", () => {
  let app: TestApp;
  beforeAll(async () => {
    app = await testApp();
  });
  afterAll(() => app.close());
  const chosen: readonly [name: string, password: string, others: readonly string[]][] = [
    ["72 bytes", "ab3-".repeat(18), [`${"ab3-".repeat(18)}x`, "ab3-".repeat(18).slice(0, -1)]],
    ["73 bytes", `${"ab3-".repeat(18)}y`, ["ab3-".repeat(18), `${"ab3-".repeat(18)}z`]],
    ["100 bytes", `${"harbour 42 ".repeat(9)}q`, [`${"harbour 42 ".repeat(9)}r`]],
    ["1,000 bytes and more", "🧭🪁🎻🦉".repeat(32), ["🧭🪁🎻🦉".repeat(31)]],
    ["composed", "caf\u00e9 noir et blanc", ["cafe\u0301 noir et blanc", "cafe noir et blanc"]],
    ["decomposed", "cafe\u0301 noir et blanc", ["caf\u00e9 noir et blanc"]],
    ["with blanks around", "  blank harbour  ", ["blank harbour", " blank harbour "]],
    ["in capitals", "HARBOUR lantern FOG", ["harbour lantern fog"]],
  ];
  test.each(chosen)("%s", async (name, password, others) => {
    const email = `p${Bun.hash(name)}@example.org`;
    expect((await app.operate("POST", "/users", { email, password })).status).toBe(201);
    const opens = async (tried: string) =>
      (
        await app.call("POST", "/auth/signin", {
          key: null,
          address: email,
          body: { email, password: tried },
        })
      ).status;
    for (const other of others) expect([other, await opens(other)]).toEqual([other, 401]);
    expect(await opens(password)).toBe(200);
  });

  test("nine characters, a NUL and 257 characters are refused by name", async () => {
    for (const password of ["ninechars", "lantern\0harbour", "x1y2".repeat(65)]) {
      const { status, body } = await app.operate("POST", "/users", { email: "z@example.org", password });
      expect([status, password.includes("\0") || body.error.details[0].path]).toEqual([
        400,
        password.includes("\0") || "/password",
      ]);
    }
  });

  test("a bad one is refused wherever one is chosen", async () => {
    const { status, body } = await app.operate("POST", "/users", {
      email: "z@example.org",
      password: "password123",
    });
    expect([status, body.error.details[0]]).toEqual([
      400,
      { path: "/password", message: "password is among those that are guessed first: choose another" },
    ]);
  });
});
