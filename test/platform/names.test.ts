import { afterAll, beforeAll, expect, test } from "bun:test";
import { type Answer, type TestApp, testApp } from "../support/app.ts";
import { newPerson } from "../support/operations.ts";
import type { TestPerson } from "../support/people.ts";

let app: TestApp;
let them: TestPerson;
beforeAll(async () => {
  app = await testApp({ env: { WAYPOST_BASE_URL: "https://links.test" } });
  them = await newPerson(app);
});
afterAll(() => app.close());

/** Makes and renames what has a name of its own beside keys; each with the field that is meant. */
const named: readonly (readonly [what: string, field: string, call: (text: string) => Promise<Answer>])[] = [
  ["a key", "name", (name) => app.call("POST", "/keys", { body: { name } })],
  ["a key's new name", "name", async (name) => app.call("PATCH", await madeKey(), { body: { name } })],
  ["an operator's key", "name", (name) => app.operate("POST", "/installation/keys", { name })],
  ["a personal token", "name", (name) => them.call("POST", "/user/tokens", { name })],
  ["an extension", "name", (name) => app.call("POST", "/extensions", { body: { name, appId: newAppId() } })],
  [
    "an extension's new name",
    "name",
    async (name) => app.call("PATCH", await madeExtension(), { body: { name } }),
  ],
  [
    "what is told of a tier",
    "about",
    (about) => app.operate("POST", "/installation/tiers", { name: newAppId(), about }),
  ],
];

let made = 0;
const newAppId = () => `app-${++made}`;
const madeKey = async () =>
  `/keys/${(await app.call("POST", "/keys", { body: { name: "k" } })).body.data.id}`;
const madeExtension = async () =>
  `/extensions/${(await app.call("POST", "/extensions", { body: { name: "e", appId: newAppId() } })).body.data.id}`;

test.each(named)(
  "%s is one line that nothing turns around, or an error that names it",
  async (_, field, call) => {
    for (const odd of ["a\nb", "a\u0007b", "CI \u202egnp.exe", "a\u2066b", "a\u0085b"]) {
      const { status, body } = await call(odd);
      expect([odd, status, body.error?.details[0]?.path]).toEqual([odd, 400, `/${field}`]);
    }
  },
);

test.each(named)("%s is kept in one spelling of Unicode", async (_, field, call) => {
  const { status, body } = await call("  Cafe\u0301 ");
  expect(status).toBeLessThan(300);
  expect(body.data[field]).toBe("Caf\u00e9");
});
