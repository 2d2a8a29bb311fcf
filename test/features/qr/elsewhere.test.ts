import { expect, test } from "bun:test";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { draw } from "../../../src/features/qr/drawing.ts";
import { toPdf } from "../../../src/features/qr/pdf.ts";
import { renderSheet } from "../../../src/features/qr/sheet.ts";
import { plainStyle, type Style } from "../../../src/features/qr/style.ts";
import { toSvg } from "../../../src/features/qr/svg.ts";
import { chromiumPath, openChromium } from "../../browser/chromium.ts";
import { readImage, someLogo } from "./reading.ts";

const TEXT = "https://go.example.com/summer-sale?qr=1";
const looks: readonly Partial<Style>[] = [
  {},
  { dots: "rounded", eyeFrame: "circle", gradient: "linear", foreground: "#7a0019", gradientTo: "#00463a" },
  {
    dots: "dots",
    eyeFrame: "rounded",
    eyeBall: "circle",
    gradient: "radial",
    frame: "above",
    frameText: "Größe Ω Ж",
  },
  { dots: "vertical", frame: "below", logo: "workspace", size: 500 },
];
const drawingOf = async (look: Partial<Style>) =>
  draw(TEXT, { ...plainStyle, ...look }, look.logo ? await someLogo() : null, "/url");

test.skipIf(chromiumPath === null)(
  "what a browser shows of an SVG is read",
  async () => {
    const browser = await openChromium();
    try {
      const page = await browser.newPage({ viewport: { width: 800, height: 900 } });
      for (const look of looks) {
        const svg = toSvg(await drawingOf(look), 600, TEXT);
        await page.goto(`data:image/svg+xml;base64,${Buffer.from(svg).toString("base64")}`);
        expect([look, await readImage(await page.screenshot())]).toEqual([look, TEXT]);
      }
    } finally {
      await browser.close();
    }
  },
  60_000,
);

const ghostscript = Bun.which("gs");

async function printed(pdf: Uint8Array): Promise<Uint8Array> {
  const folder = mkdtempSync(join(tmpdir(), "qr-"));
  await Bun.write(join(folder, "a.pdf"), pdf);
  const to = join(folder, "a.png");
  const options = [
    "-q",
    "-dSAFER",
    "-dBATCH",
    "-dNOPAUSE",
    "-sDEVICE=png16m",
    "-r110",
    "-dGraphicsAlphaBits=4",
  ];
  const { exitCode, stdout, stderr } = Bun.spawnSync([
    ghostscript!,
    ...options,
    `-sOutputFile=${to}`,
    join(folder, "a.pdf"),
  ]);
  expect([exitCode, stdout.toString(), stderr.toString()]).toEqual([0, "", ""]);
  return Bun.file(to).bytes();
}

test.skipIf(ghostscript === null)(
  "what a printer makes of a PDF is read",
  async () => {
    for (const look of looks)
      expect([look, await readImage(await printed(toPdf(await drawingOf(look), 600)))]).toEqual([look, TEXT]);
  },
  60_000,
);

test.skipIf(ghostscript === null)(
  "a sheet is printed without complaint, and its codes are read",
  async () => {
    const logos = [await someLogo()];
    const code = {
      text: TEXT,
      caption: "go.example.com/扫-a-caption-that-is-longer-than-its-cell-is-wide",
      logo: 0,
    };
    const layout = { logos, style: plainStyle, paper: "a4", columns: 1, rows: 1 } as const;
    expect(await readImage(await printed(renderSheet({ ...layout, codes: [code] })))).toBe(TEXT);
  },
  60_000,
);
