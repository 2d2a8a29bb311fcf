import { deflateSync } from "node:zlib";
import type { Drawing, Gradient, Picture, Shape } from "./drawing.ts";
import { cubicOf, type Pen } from "./pen.ts";
import { decodePng } from "./picture.ts";
import { rgbOf } from "./style.ts";

/** A drawing on a page, in points from the left upper corner. */
export interface Placed {
  readonly drawing: Drawing;
  readonly x: number;
  readonly y: number;
  /** Points a unit. */
  readonly scale: number;
}
export interface PdfPage {
  readonly width: number;
  readonly height: number;
  readonly placed: readonly Placed[];
  /** What else stands on the page, in points. */
  readonly shapes: readonly Shape[];
}

/** Points a CSS pixel. */
const POINTS = 0.75;

/** One drawing as a page of its own size. */
export const toPdf = (drawing: Drawing, size: number): Uint8Array => {
  const scale = (size * POINTS) / drawing.width;
  return pdfOf([
    {
      width: drawing.width * scale,
      height: drawing.height * scale,
      placed: [{ drawing, x: 0, y: 0, scale }],
      shapes: [],
    },
  ]);
};

/**
 * A PDF 1.4 of vector paths (ISO 32000-1). Nothing in it hangs on the time or on chance: the same pages are the same
 * bytes.
 */
export function pdfOf(pages: readonly PdfPage[]): Uint8Array {
  const file = openFile();
  const tree = file.reserve();
  const pictures = new Map<Uint8Array, number>();
  const kids = pages.map((page) => {
    const { content, resources } = contentOf(page, (picture) => {
      const known = pictures.get(picture.png) ?? addPicture(file, picture);
      pictures.set(picture.png, known);
      return known;
    });
    const stream = file.add("<< /Filter /FlateDecode /Length % >>", deflateSync(content));
    return file.add(
      `<< /Type /Page /Parent ${tree} 0 R /MediaBox [0 0 ${short(page.width)} ${short(page.height)}] /Resources << ${resources} >> /Contents ${stream} 0 R >>`,
    );
  });
  file.put(
    tree,
    `<< /Type /Pages /Kids [${kids.map((kid) => `${kid} 0 R`).join(" ")}] /Count ${kids.length} >>`,
  );
  return file.end(file.add(`<< /Type /Catalog /Pages ${tree} 0 R >>`));
}

function contentOf({ height, placed, shapes }: PdfPage, pictureOf: (picture: Picture) => number) {
  const shadings: string[] = [];
  const images: string[] = [];
  const parts = [`1 0 0 -1 0 ${short(height)} cm`];
  for (const { drawing, x, y, scale } of placed) {
    parts.push(`q ${exact(scale)} 0 0 ${exact(scale)} ${exact(x)} ${exact(y)} cm`);
    parts.push(`${colour(drawing.background)} rg 0 0 ${drawing.width} ${drawing.height} re f`);
    for (const shape of drawing.shapes) parts.push(painted(shape, shadings));
    if (drawing.picture) {
      const { x, y, w, h } = drawing.picture;
      images.push(`/I${images.length} ${pictureOf(drawing.picture)} 0 R`);
      // Pictures stand on their feet where y points up.
      parts.push(`q ${short(w)} 0 0 ${short(-h)} ${short(x)} ${short(y + h)} cm /I${images.length - 1} Do Q`);
    }
    parts.push("Q");
  }
  for (const shape of shapes) parts.push(painted(shape, shadings));
  return {
    content: parts.join("\n"),
    resources: `/Shading << ${shadings.join(" ")} >> /XObject << ${images.join(" ")} >>`,
  };
}

function painted({ fill, draw }: Shape, shadings: string[]): string {
  const pen = pdfPen();
  draw(pen);
  if (typeof fill === "string") return `${colour(fill)} rg\n${pen.text()}f`;
  shadings.push(`/S${shadings.length} ${shadingOf(fill)}`);
  return `q\n${pen.text()}W n /S${shadings.length - 1} sh Q`;
}

function shadingOf(fill: Gradient): string {
  const colours = `/FunctionType 2 /Domain [0 1] /C0 [${colour(fill.from)}] /C1 [${colour(fill.to)}] /N 1`;
  const place =
    fill.kind === "linear"
      ? `/ShadingType 2 /Coords [${[fill.x1, fill.y1, fill.x2, fill.y2].map(short).join(" ")}]`
      : `/ShadingType 3 /Coords [${[fill.cx, fill.cy, 0, fill.cx, fill.cy, fill.r].map(short).join(" ")}]`;
  return `<< ${place} /ColorSpace /DeviceRGB /Extend [true true] /Function << ${colours} >> >>`;
}

/** Writes the operators of a path. */
export function pdfPen(): Pen & { text(): string } {
  const parts: string[] = [];
  let [lastX, lastY] = [0, 0];
  const to = (x: number, y: number, command: string): void => {
    parts.push(command);
    [lastX, lastY] = [x, y];
  };
  return {
    move: (x, y) => to(x, y, `${short(x)} ${short(y)} m\n`),
    line(x, y) {
      if (x !== lastX || y !== lastY) to(x, y, `${short(x)} ${short(y)} l\n`);
    },
    corner(cx, cy, x, y) {
      const ends = [...cubicOf(lastX, lastY, cx, cy, x, y), x, y];
      to(x, y, `${ends.map(short).join(" ")} c\n`);
    },
    curve(cx, cy, x, y) {
      // A quadratic curve as a cubic one.
      const ends = [lastX + ((cx - lastX) * 2) / 3, lastY + ((cy - lastY) * 2) / 3];
      ends.push(x + ((cx - x) * 2) / 3, y + ((cy - y) * 2) / 3, x, y);
      to(x, y, `${ends.map(short).join(" ")} c\n`);
    },
    close() {
      parts.push("h\n");
    },
    text: () => parts.join(""),
  };
}

function addPicture(file: PdfFile, { png }: Picture): number {
  const { width, height, rgba } = decodePng(png);
  const colours = new Uint8Array(width * height * 3);
  const opacity = new Uint8Array(width * height);
  for (let i = 0; i < opacity.length; i++) {
    colours.set(rgba.subarray(i * 4, i * 4 + 3), i * 3);
    opacity[i] = rgba[i * 4 + 3]!;
  }
  const image = `<< /Type /XObject /Subtype /Image /Width ${width} /Height ${height} /BitsPerComponent 8 /Filter /FlateDecode /Length %`;
  const mask = file.add(`${image} /ColorSpace /DeviceGray >>`, deflateSync(opacity));
  return file.add(`${image} /ColorSpace /DeviceRGB /SMask ${mask} 0 R >>`, deflateSync(colours));
}

type PdfFile = ReturnType<typeof openFile>;

/** Objects one after the other, and the table of where each begins. */
function openFile() {
  const bodies: Buffer[] = [];
  const file = {
    /** A number for an object that comes later. */
    reserve: (): number => bodies.push(Buffer.alloc(0)),
    /** `%` in the dictionary stands for the length of the stream. */
    put(number: number, dictionary: string, stream?: Uint8Array): void {
      const head = stream ? dictionary.replace("%", String(stream.length)) : dictionary;
      bodies[number - 1] = stream
        ? Buffer.concat([Buffer.from(`${head}\nstream\n`), stream, Buffer.from("\nendstream")])
        : Buffer.from(head);
    },
    add(dictionary: string, stream?: Uint8Array): number {
      const number = file.reserve();
      file.put(number, dictionary, stream);
      return number;
    },
    end(root: number): Uint8Array {
      // Four bytes beyond ASCII tell whoever carries the file that it is no text.
      const parts = [Buffer.from("%PDF-1.4\n%\xe2\xe3\xcf\xd3\n", "latin1")];
      let length = parts[0]!.length;
      const places = bodies.map((body, i) => {
        const object = Buffer.concat([Buffer.from(`${i + 1} 0 obj\n`), body, Buffer.from("\nendobj\n")]);
        parts.push(object);
        length += object.length;
        return length - object.length;
      });
      const table = places.map((place) => `${String(place).padStart(10, "0")} 00000 n \n`).join("");
      const size = bodies.length + 1;
      parts.push(
        Buffer.from(
          `xref\n0 ${size}\n0000000000 65535 f \n${table}trailer\n<< /Size ${size} /Root ${root} 0 R >>\nstartxref\n${length}\n%%EOF\n`,
        ),
      );
      return Buffer.concat(parts);
    },
  };
  return file;
}

const colour = (text: string): string =>
  rgbOf(text)
    .map((value) => short(value / 255))
    .join(" ");
const short = (value: number): string => String(Math.round(value * 1000) / 1000);
const exact = (value: number): string => value.toFixed(6).replace(/\.?0+$/, "");
