import { afterAll, beforeAll, expect, test } from "bun:test";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { isApiKey, newApiKey, newPersonalToken, SECRET_PATTERN } from "../../../src/lib/secrets.ts";
import { type TestApp, testApp } from "../../support/app.ts";

const ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const RANDOM = 32;

/** Every kind, in turn. */
const draw = (i: number): string =>
  [
    () => newApiKey("live"),
    () => newApiKey("test", "pk"),
    () => newApiKey("live", "ek"),
    () => newPersonalToken(),
  ][i % 4]!();

test("a hundred thousand secrets: of the form that is published, all different, with 190 bits of chance", () => {
  const count = 100_000;
  const seen = new Set<string>();
  const letters = new Map<string, number>();
  for (let i = 0; i < count; i++) {
    const secret = draw(i);
    if (!SECRET_PATTERN.test(secret) || !isApiKey(secret)) throw new Error(`not of the form: ${secret}`);
    seen.add(secret);
    for (const letter of secret.slice(secret.lastIndexOf("_") + 1).slice(0, RANDOM))
      letters.set(letter, (letters.get(letter) ?? 0) + 1);
  }
  expect(seen.size).toBe(count);
  expect(RANDOM * Math.log2(ALPHABET.length)).toBeGreaterThan(128);
  // Each letter as often as the others: six standard deviations for any of 62 is one in ten million.
  const expected = (count * RANDOM) / 62;
  expect(letters.size).toBe(62);
  for (const [letter, times] of letters)
    expect([letter, Math.abs(times - expected) < 6 * Math.sqrt(expected)]).toEqual([letter, true]);
}, 30_000);

test("every slip of one character is refused without the database", () => {
  for (let i = 0; i < 40; i++) {
    const secret = draw(i);
    for (let at = 0; at < secret.length; at++)
      for (const other of [...ALPHABET, "_", "-", " "])
        if (other !== secret[at])
          if (isApiKey(secret.slice(0, at) + other + secret.slice(at + 1)))
            throw new Error(`taken for a key: ${secret} with ${other} at ${at}`);
    expect(isApiKey(`${secret}0`)).toBe(false);
    expect(isApiKey(secret.slice(0, -1))).toBe(false);
  }
});

test("what is no key is not taken for one: text, hashes, base 62 noise and the sources of this repository", () => {
  const global = new RegExp(SECRET_PATTERN.source, "g");
  const hits = (text: string) => text.match(global) ?? [];
  const noise = Array.from({ length: 200 }, (_, i) =>
    Array.from({ length: 1000 }, (_, j) => Bun.hash(`${i}.${j}`).toString(36)).join(i % 2 ? "_" : ""),
  );
  expect(noise.flatMap(hits)).toEqual([]);
  const sources = join(import.meta.dir, "../../../src");
  for (const file of new Bun.Glob("**/*.ts").scanSync(sources))
    expect([file, hits(readFileSync(join(sources, file), "utf8"))]).toEqual([file, []]);
  // The control: the pattern does find a key in a text.
  const secret = newApiKey("live");
  expect(hits(`KEY="${secret}" # mine`)).toEqual([secret]);
});

let app: TestApp;
beforeAll(async () => {
  app = await testApp();
});
afterAll(() => app.close());

test("a secret is kept nowhere: not in a table, not in a file, not in a log, however it was made and used", async () => {
  const secrets: string[] = [];
  const keep = ({ body }: { body: { data: { secret: string } } }) => secrets.push(body.data.secret) - 1;
  const create = (body: object) =>
    app.call("POST", "/keys", {
      body: { name: "k", ...body },
      headers: { "idempotency-key": crypto.randomUUID() },
    });
  keep(await create({}));
  keep(await create({ kind: "publishable", origins: ["https://a.example.com"] }));
  const { body } = await create({});
  secrets.push(body.data.secret);
  keep(
    await app.call("POST", `/keys/${body.data.id}/rotate`, { body: {}, headers: { "idempotency-key": "r" } }),
  );
  for (const key of secrets) await app.call("GET", "/links/count", { key });
  expect(secrets.every(isApiKey)).toBe(true);
  const kept = async () => {
    const tables = await Promise.all(
      Object.values(app.db.tables).map((table) => app.db.read.select().from(table).limit(10_000)),
    );
    return (
      JSON.stringify(tables) +
      filesOf(app.dataDir)
        .map((path) => readFileSync(path, "latin1"))
        .join()
    );
  };
  const everything = await kept();
  for (const secret of secrets) expect(everything.includes(secret)).toBe(false);
  // The control: what stands there is found. A hint is the end of a secret.
  expect(everything.includes(`…${secrets[0]!.slice(-4)}`)).toBe(true);
});

const filesOf = (folder: string): string[] =>
  readdirSync(folder, { recursive: true })
    .map((name) => join(folder, String(name)))
    .filter((path) => statSync(path).isFile());
