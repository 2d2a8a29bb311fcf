import { describe, expect, test } from "bun:test";
import { openClaims } from "../../src/clicks/claims.ts";

/** Claims over clicks counted here; a granted claim is recorded as the redirect does it. */
function counted(knownMax?: number) {
  const clicks = new Map<string, number>();
  const loads: string[] = [];
  const claims = openClaims(async (linkId) => {
    loads.push(linkId);
    return clicks.get(linkId) ?? 0;
  }, knownMax);
  const come = async (linkId: string, limit: number): Promise<boolean> => {
    const isGranted = await claims.claim(linkId, limit);
    if (isGranted) clicks.set(linkId, (clicks.get(linkId) ?? 0) + 1);
    return isGranted;
  };
  return { claims, loads, come };
}

const granted = (answers: readonly boolean[]) => answers.filter(Boolean).length;

describe("claims", () => {
  test("remember a bounded number of links, and count those they forgot anew", async () => {
    const { claims, loads, come } = counted(2);
    for (const linkId of ["a", "b", "c"]) expect(await come(linkId, 1)).toBe(true);
    expect(claims.size).toBe(2);
    expect(await come("a", 1)).toBe(false);
    expect(loads).toEqual(["a", "b", "c", "a"]);
  });

  test("stay exact while links push each other out, in the middle of loads and claims", async () => {
    const { come } = counted(1);
    const links = ["a", "b", "c", "d", "e"];
    const answers = new Map<string, Promise<boolean>[]>(links.map((linkId) => [linkId, []]));
    for (let round = 0; round < 40; round++) {
      for (const linkId of links) answers.get(linkId)!.push(come(linkId, 17));
      // Some rounds come upon loads that are out, some upon answers that have just come.
      if (round % 3 === 0) await answers.get(links[round % 5]!)!.at(-1);
      if (round % 7 === 0) await Promise.resolve();
    }
    for (const linkId of links) expect(granted(await Promise.all(answers.get(linkId)!))).toBe(17);
  });

  test("stay exact for a link forgotten while its clicks are being counted", async () => {
    const { claims, come } = counted();
    const before = Array.from({ length: 8 }, () => come("a", 10));
    claims.forget("a");
    const between = Array.from({ length: 8 }, () => come("a", 10));
    claims.forgetAll();
    const after = Array.from({ length: 8 }, () => come("a", 10));
    expect(granted(await Promise.all([...before, ...between, ...after]))).toBe(10);
  });

  test("forget the one link that was forgotten, and still know the others at once", async () => {
    const { claims, loads, come } = counted();
    for (const linkId of ["a", "b"]) await come(linkId, 5);
    claims.forget("a");
    expect(claims.claim("b", 5)).toBe(true);
    expect(await claims.claim("a", 5)).toBe(true);
    expect(loads).toEqual(["a", "b", "a"]);
    claims.forgetAll();
    expect(claims.size).toBe(0);
  });

  test("ask again after a count that failed", async () => {
    let isFailing = true;
    const claims = openClaims(async () => {
      if (isFailing) throw new Error("the store is busy");
      return 0;
    });
    await expect(Promise.resolve(claims.claim("a", 1))).rejects.toThrow("busy");
    isFailing = false;
    expect(await claims.claim("a", 1)).toBe(true);
    expect(await claims.claim("a", 1)).toBe(false);
  });
});
