import { expect, test } from "bun:test";
import { join } from "node:path";

const root = join(import.meta.dir, "../../src");
/** What must not be found out a character at a time. */
const SECRET =
  /(secret|token|signature|mac|hmac|hash|digest|password|passwd|csrf|code|challenge|cookie|mark|seal|otp|pin|nonce|verifier)s?$/i;
const LITERAL = /^(null|undefined|true|false|-?\d[\d_]*|["'`].*)$/;
const COMPARED = /([\w$.?!\])]+)\s*[!=]==?\s*([\w$.?!"'`-]+)/g;

/** Comparisons that stop at the first difference, of something that is called like a secret. */
const hasty = (text: string): string[] =>
  text
    .split("\n")
    .filter((line) => !/^\s*(\*|\/\/|\/\*)/.test(line))
    .flatMap((line) =>
      [...line.matchAll(COMPARED)]
        .filter(([, left = "", right = ""]) => !LITERAL.test(left) && !LITERAL.test(right))
        .filter(([, left = "", right = ""]) =>
          [left, right].some((one) => SECRET.test(one.replace(/[!?)\]]+$/, ""))),
        )
        .map(([whole]) => whole),
    );

/** Called like a secret, and none. A new one stands here with its reason, or is compared by `sameText`. */
const known: Readonly<Record<string, string>> = {
  "db/errors.ts: code === wanted": "the code of a database's error",
  "features/audit/chain.ts: mark !== UNPROVEN": "a sign in a seal that everybody may read",
  "features/audit/seal.ts: ctx)) === EVENTS_PER_SEAL": "a count",
  "features/audit/verify.ts: expect?.seal === seal.sequence": "the number of a seal",
};

test("nothing that is called like a secret is compared by an operator that stops at the first difference", async () => {
  const found: string[] = [];
  let comparisons = 0;
  for await (const file of new Bun.Glob("**/*.{ts,tsx}").scan(root)) {
    const text = await Bun.file(join(root, file)).text();
    comparisons += text.match(COMPARED)?.length ?? 0;
    found.push(...hasty(text).map((one) => `${file}: ${one}`));
  }
  expect(comparisons).toBeGreaterThan(1000);
  expect(found.sort()).toEqual(Object.keys(known).sort());
});

test("the control: each way to compare one so is found, and what is only looked whether it is there is not", () => {
  for (const line of [
    "if (token === row.hash) return;",
    "if (row.tokenHash !== hashOf(typed)) throw wrong();",
    "return sign(text) == given.signature;",
    "const ok = mac === expected;",
    "if (body.csrfToken !== session.csrf)",
    "if (input.password! === user.password)",
  ])
    expect([line, hasty(line).length]).toEqual([line, 1]);
  for (const line of [
    "if (token === null) return;",
    'if (secret === "") return;',
    "// token === hash",
    "if (sameText(token, hash)) return;",
  ])
    expect([line, hasty(line)]).toEqual([line, []]);
});
