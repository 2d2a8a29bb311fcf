import { expect, test } from "bun:test";
import fc from "fast-check";
import { SecondChance } from "../../src/redirect/second-chance.ts";

function makeCache(sizeMax: number) {
  const left: string[] = [];
  const cache = new SecondChance<{ heat: number; name: string }>(sizeMax, (value) => left.push(value.name));
  const add = (name: string, key = name) => cache.set(key, { heat: 0, name });
  const names = () => ["a", "b", "c", "d", "e"].filter((key) => cache.peek(key)).join("");
  return { cache, left, add, names };
}

test("what is asked for stays, what is not goes", () => {
  const { cache, left, add, names } = makeCache(3);
  for (const name of ["a", "b", "c"]) add(name);
  cache.get("a");
  cache.get("c");
  add("d");
  expect([names(), left]).toEqual(["acd", ["b"]]);
});

test("what is asked for often outlives a crowd that comes once", () => {
  const { cache, add } = makeCache(10);
  add("often");
  for (let i = 0; i < 1000; i++) {
    cache.get("often");
    add(`once-${i}`);
  }
  expect(cache.peek("often")?.name).toBe("often");
  expect(cache.size).toBe(10);
});

test("when all is warm, room is still found", () => {
  const { cache, add } = makeCache(500);
  for (let i = 0; i < 500; i++) add(`${i}`);
  for (let round = 0; round < 5; round++) for (let i = 0; i < 500; i++) cache.get(`${i}`);
  add("new");
  expect([cache.size, cache.peek("new")?.name]).toEqual([500, "new"]);
});

test("everything that leaves is told of once, and nothing else", () => {
  const what = fc.constantFrom("get", "set", "same", "delete", "clear");
  const action = fc.tuple(what, fc.constantFrom(..."abcdefgh"));
  fc.assert(
    fc.property(fc.array(action, { maxLength: 200 }), (actions) => {
      const { cache, left } = makeCache(4);
      let made = 0;
      const fresh = () => ({ heat: 0, name: `${made++}` });
      const act = {
        get: (key: string) => cache.get(key),
        set: (key: string) => cache.set(key, fresh()),
        same: (key: string) => cache.set(key, cache.peek(key) ?? fresh()),
        delete: (key: string) => cache.delete(key),
        clear: () => cache.clear(),
      };
      for (const [what, key] of actions) {
        act[what](key);
        expect(cache.size).toBeLessThanOrEqual(4);
      }
      const inside = [..."abcdefgh"].map((key) => cache.peek(key)?.name).filter((name) => name !== undefined);
      expect([...left, ...inside].map(Number).sort((one, other) => one - other)).toEqual(
        Array.from({ length: made }, (_, i) => i),
      );
    }),
  );
});
