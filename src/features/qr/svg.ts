import type { Drawing, Fill } from "./drawing.ts";
import type { Pen } from "./pen.ts";

/**
 * The drawing as SVG: a background, a path for each colour, and the logo as embedded PNG. No text, script, style or
 * reference to anything outside it.
 * @param title what a screen reader says
 */
export function toSvg(
  { width, height, background, shapes, picture }: Drawing,
  size: number,
  title: string,
): string {
  const gradients: string[] = [];
  const paths = shapes.map(({ fill, draw }) => {
    const pen = svgPen();
    draw(pen);
    return `<path fill="${reference(fill, gradients)}" d="${pen.text()}"/>`;
  });
  const defs = gradients.length > 0 ? `<defs>${gradients.join("")}</defs>` : "";
  const image = picture
    ? `<image x="${short(picture.x)}" y="${short(picture.y)}" width="${short(picture.w)}" height="${short(picture.h)}" href="data:image/png;base64,${Buffer.from(picture.png).toString("base64")}"/>`
    : "";
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" width="${size}" height="${Math.round((size * height) / width)}" viewBox="0 0 ${width} ${height}" role="img">` +
    `<title>${escaped(title)}</title>${defs}` +
    `<path fill="${background}" d="M0 0h${width}v${height}h-${width}z"/>${paths.join("")}${image}</svg>\n`
  );
}

/** Numbers of a text path have three places: a thousandth of a module is seen by nobody. */
const short = (value: number): string => String(Math.round(value * 1000) / 1000);
const pair = (x: number, y: number): string => `${short(x)} ${short(y)}`;

/** Writes the `d` of a path. */
export function svgPen(): Pen & { text(): string } {
  let d = "";
  let [lastX, lastY] = [0, 0];
  const to = (command: string, x: number, y: number): void => {
    d += command;
    [lastX, lastY] = [x, y];
  };
  return {
    move: (x, y) => to(`M${pair(x, y)}`, x, y),
    line(x, y) {
      if (x === lastX && y === lastY) return;
      if (y === lastY) to(`H${short(x)}`, x, y);
      else if (x === lastX) to(`V${short(y)}`, x, y);
      else to(`L${pair(x, y)}`, x, y);
    },
    corner(cx, cy, x, y) {
      const r = short(Math.abs(x - lastX));
      const sweep = (cx - lastX) * (y - cy) - (cy - lastY) * (x - cx) > 0 ? 1 : 0;
      to(`A${r} ${r} 0 0 ${sweep} ${pair(x, y)}`, x, y);
    },
    curve: (cx, cy, x, y) => to(`Q${pair(cx, cy)} ${pair(x, y)}`, x, y),
    close() {
      d += "z";
    },
    text: () => d,
  };
}

function reference(fill: Fill, gradients: string[]): string {
  if (typeof fill === "string") return fill;
  const id = `g${gradients.length}`;
  const stops = `<stop offset="0" stop-color="${fill.from}"/><stop offset="1" stop-color="${fill.to}"/>`;
  gradients.push(
    fill.kind === "linear"
      ? `<linearGradient id="${id}" gradientUnits="userSpaceOnUse" x1="${short(fill.x1)}" y1="${short(fill.y1)}" x2="${short(fill.x2)}" y2="${short(fill.y2)}">${stops}</linearGradient>`
      : `<radialGradient id="${id}" gradientUnits="userSpaceOnUse" cx="${short(fill.cx)}" cy="${short(fill.cy)}" r="${short(fill.r)}">${stops}</radialGradient>`,
  );
  return `url(#${id})`;
}

/** What may stand between tags, and in XML at all. */
const escaped = (text: string): string =>
  text
    .replace(/[^\t\n\x20-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, "")
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
