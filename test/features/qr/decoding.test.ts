import { expect, test } from "bun:test";
import { packed } from "../../../src/features/qr/bitmap.ts";
import { encodeText, levels } from "../../../src/features/qr/code.ts";
import { dotShapes, frames, gradients, type Style } from "../../../src/features/qr/style.ts";
import { drawn, readImage, readPixels, someLogo } from "./reading.ts";

const TEXT = "https://go.example.com/summer-sale?qr=1";
/** A few that pass the checks; the last two barely. */
const colours: readonly Partial<Style>[] = [
  { foreground: "#000000", background: "#ffffff", gradientTo: "#0a2a88" },
  { foreground: "#7a0019", background: "#ffe9a8", gradientTo: "#00463a" },
  { foreground: "#949494", background: "#ffffff", gradientTo: "#000000" },
  { foreground: "#000000", background: "#5e5e5e", gradientTo: "#0a0a0a" },
];
const sizes = [180, 200, 333, 600];

/** Eyes that may be drawn. */
const eyes = [
  { eyeFrame: "square", eyeBall: null },
  { eyeFrame: "square", eyeBall: "rounded" },
  { eyeFrame: "rounded", eyeBall: null },
  { eyeFrame: "rounded", eyeBall: "circle" },
  { eyeFrame: "circle", eyeBall: null },
  { eyeFrame: "circle", eyeBall: "rounded" },
] as const satisfies readonly Partial<Style>[];

/** Looks mixed by chance, always the same ones. */
function* mixed(count: number): Generator<Partial<Style>> {
  let state = 12345;
  const one = <T>(of: readonly T[]): T => {
    state = (state * 48271) % 2147483647;
    return of[state % of.length]!;
  };
  for (let i = 0; i < count; i++)
    yield {
      ...one(colours),
      ...one(eyes),
      size: one(sizes),
      margin: one([4, 5, 9]),
      level: one(levels),
      gradient: one(gradients),
      gradientAngle: one([0, 45, 200]),
      dots: one(dotShapes),
      frame: one(frames),
    };
}

/** Every combination of some values: one of each. */
const crossed = <A, B>(some: readonly A[], others: readonly B[]): (A & B)[] =>
  some.flatMap((one) => others.map((other) => ({ ...one, ...other })));
const each = <K extends string, V>(name: K, values: readonly V[]) =>
  values.map((value) => ({ [name]: value }) as { [P in K]: V });

test("every dot shape with every eye, level, frame and gradient is read by another's decoder", async () => {
  const shapes = crossed(each("dots", dotShapes), eyes);
  const all = crossed(
    crossed(shapes, each("level", levels)),
    crossed(each("frame", frames), each("gradient", gradients)),
  );
  const unread: object[] = [];
  for (const look of all)
    if (readPixels(await drawn(TEXT, { ...colours[0], ...look, size: 180 })) !== TEXT) unread.push(look);
  expect(unread).toEqual([]);
  expect(all.length).toBe(6 * 6 * 4 * 3 * 3);
}, 120_000);

test("any mixture of looks, colours, sizes and margins is read, in PNG, WebP and JPEG", async () => {
  const unread: object[] = [];
  for (const look of mixed(90)) {
    const pixels = await drawn(TEXT, look);
    const plain = look.gradient === "none";
    for (const format of ["png", "webp", "jpeg"] as const)
      if ((await readImage(await packed(pixels, format, plain))) !== TEXT) unread.push({ format, ...look });
  }
  expect(unread).toEqual([]);
}, 180_000);

test("a logo as large as its level bears leaves every look readable", async () => {
  const logo = await someLogo();
  const said = async (text: string, look: Partial<Style>): Promise<"read" | "unread" | "refused"> => {
    try {
      return readPixels(await drawn(text, look, logo)) === text ? "read" : "unread";
    } catch (error) {
      expect((error as Error).message).toContain("may be covered");
      return "refused";
    }
  };
  const all: { look: object; said: string }[] = [];
  for (const text of [TEXT, "https://a.b/c?qr=1", `https://example.com/${"long-".repeat(50)}`])
    for (const level of levels)
      for (const logoSize of [10, 20, 25, 30])
        for (const dots of dotShapes) {
          const look = { level, logoSize, dots, size: 480 };
          all.push({ look: { text, ...look }, said: await said(text, look) });
        }
  expect(all.filter((one) => one.said === "unread")).toEqual([]);
  expect(all.filter((one) => one.said === "read").length).toBeGreaterThan(100);
  expect(all.filter((one) => one.said === "refused").length).toBeGreaterThan(20);
}, 120_000);

test("a thousand addresses of every length say exactly what they are", async () => {
  const wrong: string[] = [];
  for (let i = 0; i < 1000; i++) {
    const text = `https://go.example.com/${i.toString(36)}${"x%C3%A9-/".repeat(i % 37)}?qr=1`;
    const dots = dotShapes[i % dotShapes.length]!;
    // Three pixels a module, whatever their number.
    const { side } = encodeText(text, "M", "/url");
    if (readPixels(await drawn(text, { dots, level: "M", size: (side + 8) * 3 })) !== text) wrong.push(text);
  }
  expect(wrong).toEqual([]);
}, 180_000);

test("the masks tried here are those of the encoder", () => {
  for (const text of ["a", TEXT, "https://example.com/".repeat(20)]) {
    const { side, dark, alignment } = encodeText(text, "Q", "/url");
    expect(dark.length).toBe(side * side);
    expect(alignment.includes(1)).toBe(side > 21);
  }
});
