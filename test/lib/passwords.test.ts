import { expect, test } from "bun:test";
import { openPasswords } from "../../src/lib/passwords.ts";

test("whoever waits for too long is told to come back, and is not hashed for", async () => {
  const passwords = openPasswords({ atOnce: 1, waitMaxMs: 5 });
  const hash = await openPasswords().hash("quiet-harbour-lantern-42");
  const first = passwords.verify("quiet-harbour-lantern-42", hash);
  const others = await Promise.allSettled(
    Array.from({ length: 8 }, () => passwords.verify("quiet-harbour-lantern-42", hash)),
  );
  for (const one of others)
    expect(one).toMatchObject({ status: "rejected", reason: { code: "RATE_LIMITED" } });
  expect(await first).toBe(true);
  // The queue is whole: the next one comes in at once.
  expect(await passwords.verify("another", hash)).toBe(false);
}, 60_000);

test("more than may wait are told so at once", async () => {
  const passwords = openPasswords({ atOnce: 1, waitingMax: 2 });
  const asked = Array.from({ length: 5 }, () => passwords.verify("x", null));
  const codes = (await Promise.allSettled(asked)).map((one) =>
    one.status === "rejected" ? one.reason.code : "done",
  );
  expect(codes).toEqual(["done", "done", "done", "RATE_LIMITED", "RATE_LIMITED"]);
}, 60_000);
