import { afterEach, expect, setDefaultTimeout, test } from "bun:test";
import { forgetOld } from "../../../src/features/identity/upkeep.ts";
import { contextOf, type TestApp, testApp } from "../../support/app.ts";
import { person } from "../../support/people.ts";

// Hashing waits for everybody else on the machine, other tests among them.
setDefaultTimeout(30_000);

let app: TestApp;
afterEach(() => app.close());

test("what opens nothing any more is taken away, and what is open stays", async () => {
  app = await testApp();
  const ada = await person(app);
  const { proofs, sessions, throttles, refreshTokens } = app.db.tables;
  const counts = () =>
    Promise.all([proofs, throttles, sessions, refreshTokens].map((table) => app.db.read.$count(table)));
  await app.call("POST", "/auth/otp/request", { key: null, body: { email: "ada@example.org" } });
  const sweep = () => forgetOld(contextOf(app, null), new AbortController().signal);
  await sweep();
  const before = await counts();
  expect(before.every((count) => count > 0)).toBe(true);
  await ada.call("POST", "/auth/signout");
  app.clock.advance(86_400_001);
  await sweep();
  expect(await counts()).toEqual([0, 0, 1, 0]);
  app.clock.advance(30 * 86_400_000);
  await sweep();
  expect(await counts()).toEqual([0, 0, 0, 0]);
});
