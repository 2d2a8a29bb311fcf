import { macOf, sameText } from "../../src/lib/secrets.ts";
import { testApp } from "../support/app.ts";
import { type Bench, type Measure, median } from "./measure.ts";

const SAMPLES = 100_000;
const LOOKS = 300;

/** Whether time tells what nobody may know. The control shows that the same measuring finds a comparison that does. */
export const bench: Bench = {
  about: "what the time of an answer tells: of a MAC that is nearly right, and of a thing that is another's",
  async run() {
    return [...compared(), ...(await looked())];
  },
};

function compared(): Measure[] {
  const mac = macOf("secret", "text");
  const early = `${mac.startsWith("0") ? "1" : "0"}${mac.slice(1)}`;
  const late = `${mac.slice(0, -1)}${mac.endsWith("0") ? "1" : "0"}`;
  const constant = separation((text) => sameText(text, mac), early, late);
  // A comparison that stops at the first difference, slow enough that the clock sees it.
  const hasty = separation(
    (text) => {
      for (let i = 0; i < mac.length; i++) {
        if (text[i] !== mac[i]) return false;
        macOf("work", "of a character");
      }
      return true;
    },
    early,
    late,
  );
  return [
    {
      what: "a MAC wrong at the end / at the beginning, sameText",
      value: constant,
      unit: "× its time",
      budget: { max: 1.05 },
    },
    {
      what: "the control, which stops at the first difference",
      value: hasty,
      unit: "× its time",
      budget: { min: 2 },
    },
  ];
}

/** The longer median over the shorter. The two take turns, so that whatever disturbs disturbs both. */
function separation(compare: (text: string) => boolean, one: string, other: string): number {
  const times: [number[], number[]] = [[], []];
  for (let i = 0; i < SAMPLES / 100; i++)
    for (const [which, text] of (i % 2
      ? [
          [0, one],
          [1, other],
        ]
      : [
          [1, other],
          [0, one],
        ]) as [0 | 1, string][]) {
      const began = Bun.nanoseconds();
      // A hundred at once: one alone is shorter than the clock's own noise.
      for (let n = 0; n < 100; n++) compare(text);
      times[which].push(Bun.nanoseconds() - began);
    }
  const [first, second] = times.map(median) as [number, number];
  return Math.max(first, second) / Math.min(first, second);
}

async function looked(): Promise<Measure[]> {
  const app = await testApp();
  const { body } = await app.call("POST", "/links", { body: { destinationUrl: "https://example.com/" } });
  const stranger = await app.stranger();
  const foreign = body.data.id as string;
  const missing = foreign.replace(/.{4}$/, "zzzz");
  const times: Record<string, number[]> = { foreign: [], missing: [] };
  for (let i = 0; i < LOOKS; i++)
    for (const [what, id] of [
      ["foreign", foreign],
      ["missing", missing],
    ] as const) {
      const began = performance.now();
      const { status } = await app.call("GET", `/links/${id}`, { key: stranger });
      times[what]!.push(performance.now() - began);
      if (status !== 404) throw new Error(`${what} was answered by ${status}`);
    }
  await app.close();
  const apart = Math.abs(median(times["foreign"]!) - median(times["missing"]!));
  return [
    { what: "another's link against no link, medians", value: apart, unit: "ms apart", budget: { max: 2 } },
  ];
}
