import { monitorEventLoopDelay } from "node:perf_hooks";
import { renderSvg } from "../../src/features/qr/render.ts";
import { plainStyle, type Style } from "../../src/features/qr/style.ts";
import { testApp } from "../support/app.ts";
import { type Bench, type Measure, median } from "./measure.ts";

const ROUNDS = 5;
const CODES = 1000;

/** How fast codes are drawn, and that large pictures make no visitor wait. */
export const bench: Bench = {
  about: "QR codes: SVG on the main thread, pictures beside it",
  async run() {
    return [
      svg("plain", {}, { min: 1000 }),
      svg("rounded, gradient, frame", {
        dots: "rounded",
        gradient: "linear",
        gradientTo: "#222266",
        frame: "below",
      }),
      ...(await pictures()),
    ];
  },
};

function svg(what: string, look: Partial<Style>, budget?: Measure["budget"]): Measure {
  const style = { ...plainStyle, ...look };
  const rates = Array.from({ length: ROUNDS }, () => {
    const began = process.cpuUsage();
    for (let i = 0; i < CODES; i++)
      renderSvg({ text: `https://go.example.com/summer-${i}?qr=1`, style, logo: null, path: "/url" });
    const { user, system } = process.cpuUsage(began);
    return (CODES / (user + system)) * 1e6;
  });
  return {
    what: `SVG, ${what}, by a second of a core`,
    value: median(rates),
    unit: "/s",
    ...(budget ? { budget } : {}),
  };
}

async function pictures(): Promise<Measure[]> {
  const app = await testApp();
  const ask = (query: string) => app.call("GET", `/qr?url=https://example.com/&${query}`);
  await ask("format=png");
  const measures: Measure[] = [];
  const quiet = monitorEventLoopDelay({ resolution: 1 });
  quiet.enable();
  await Bun.sleep(2000);
  quiet.disable();
  measures.push({
    what: "main thread late by at most, with nothing to do",
    value: quiet.max / 1e6,
    unit: "ms",
  });
  for (const [what, query] of [
    ["PNG of 600 pixels", "format=png&size=600"],
    ["PNG of 2048 pixels", "format=png&size=2048"],
    ["WebP of 2048 pixels with a gradient", "format=webp&size=2048&gradient=linear&gradientTo=222266"],
  ] as const) {
    const delay = monitorEventLoopDelay({ resolution: 1 });
    delay.enable();
    const times: number[] = [];
    for (let i = 0; i < ROUNDS; i++) {
      const began = performance.now();
      await ask(query);
      times.push(performance.now() - began);
    }
    delay.disable();
    measures.push(
      { what, value: median(times), unit: "ms" },
      { what: `${what}: main thread late by at most`, value: delay.max / 1e6, unit: "ms" },
    );
  }
  await app.close();
  return measures;
}
