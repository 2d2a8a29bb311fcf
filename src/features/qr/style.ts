import { invalid } from "../../lib/errors.ts";
import type { Level } from "./code.ts";
import { missingSigns } from "./font.ts";

export const formats = ["png", "svg", "webp", "jpeg", "pdf"] as const;
export type Format = (typeof formats)[number];
export const dotShapes = ["square", "rounded", "dots", "classy", "vertical", "horizontal"] as const;
export const eyeShapes = ["square", "rounded", "circle"] as const;
export const gradients = ["none", "linear", "radial"] as const;
export const frames = ["none", "below", "above"] as const;
export type DotShape = (typeof dotShapes)[number];
export type EyeShape = (typeof eyeShapes)[number];

export const sizeMin = 64;
/** Pixels of the width: 4 megapixels take about 0.4 s of a thread, and four times as many four times as long. */
export const sizeMax = 2048;
/** ISO/IEC 18004, 5.3.8: scanners look for four light modules around the symbol. */
export const marginMin = 4;
export const marginMax = 32;
export const frameTextMax = 40;
export const logoSizeMin = 10;
export const logoSizeMax = 30;

/** How a QR code looks, whole. Colours are `#rrggbb`. */
export interface Style {
  /** Width in pixels; in SVG and PDF, of the same number of CSS pixels. */
  readonly size: number;
  /** Modules of light around the symbol. */
  readonly margin: number;
  /** Null: M, and H when a logo covers some of it. */
  readonly level: Level | null;
  readonly foreground: string;
  readonly background: string;
  readonly gradient: (typeof gradients)[number];
  /** Where the gradient ends that begins with `foreground`. */
  readonly gradientTo: string;
  /** Degrees, clockwise from left to right. */
  readonly gradientAngle: number;
  readonly dots: DotShape;
  readonly eyeFrame: EyeShape;
  /** Null: as `eyeFrame`. */
  readonly eyeBall: EyeShape | null;
  /** `none`, `domain`, `workspace`, or a data URL. */
  readonly logo: string;
  /** Per cent of the symbol's side. */
  readonly logoSize: number;
  readonly frame: (typeof frames)[number];
  readonly frameText: string;
  /** Null: as `foreground`, and as `background`. */
  readonly frameColor: string | null;
  readonly frameTextColor: string | null;
}

export const plainStyle: Style = {
  size: 600,
  margin: 4,
  level: null,
  foreground: "#000000",
  background: "#ffffff",
  gradient: "none",
  gradientTo: "#000000",
  gradientAngle: 45,
  dots: "square",
  eyeFrame: "square",
  eyeBall: null,
  logo: "none",
  logoSize: 20,
  frame: "none",
  frameText: "Scan me",
  frameColor: null,
  frameTextColor: null,
};

/** Some of a style, as people give it; null stands for the default. */
export type StylePatch = { readonly [K in keyof Style]?: Style[K] | null | undefined };

/** `over` on top of `under`: what it leaves out is as before, what is null as by default. */
export const restyled = (under: Style, over: StylePatch): Style =>
  Object.fromEntries(
    Object.entries(under).map(([name, value]) => {
      const given = over[name as keyof Style];
      if (given === undefined) return [name, value];
      if (given === null) return [name, plainStyle[name as keyof Style]];
      return [name, isColour(name) ? colourOf(given as string) : given];
    }),
  ) as unknown as Style;

const isColour = (name: string): boolean =>
  ["foreground", "background", "gradientTo", "frameColor", "frameTextColor"].includes(name);

/** `#rrggbb` of what people write: `abc`, `#ABC`, `aabbcc`. */
function colourOf(text: string): string {
  const digits = text.replace("#", "").toLowerCase();
  return `#${digits.length === 3 ? digits.replace(/./g, "$&$&") : digits}`;
}

/**
 * Dark on light, by the contrast of WCAG 2.2: below it, a cheap camera in bad light sees no edges. Black and white have
 * 21, and what people can read comfortably has 4.5.
 */
const CONTRAST_MIN = 3;

/** @throws AppError VALIDATION_ERROR naming the field (below `at`) with which no scanner would read it, and why */
export function checkStyle(style: Style, at = ""): void {
  const { foreground, background, gradient, gradientTo } = style;
  checkContrast(`${at}/foreground`, foreground, background);
  if (gradient !== "none") checkContrast(`${at}/gradientTo`, gradientTo, background);
  if (style.margin < marginMin)
    throw invalid(
      `${at}/margin`,
      `margin must be at least ${marginMin}: scanners look for light around a code`,
    );
  checkEyes(style, at);
  if (style.frame === "none") return;
  const { frameColor, frameTextColor } = frameColoursOf(style);
  if (contrastOf(frameColor, frameTextColor) < CONTRAST_MIN)
    throw invalid(
      `${at}/frameTextColor`,
      "frameTextColor cannot be read on frameColor: choose colours further apart",
    );
  const missing = missingSigns(style.frameText);
  if (missing !== "")
    throw invalid(`${at}/frameText`, `frameText takes Latin, Greek and Cyrillic letters, not ${missing}`);
}

/**
 * What goes into which eye. Scanners measure eyes along their diagonals too: a round ball in a square frame has other
 * proportions there, and something else is taken for an eye.
 */
const balls: Readonly<Record<EyeShape, readonly EyeShape[]>> = {
  square: ["square", "rounded"],
  rounded: ["rounded", "circle"],
  circle: ["circle", "rounded"],
};

function checkEyes({ eyeFrame, eyeBall }: Style, at: string): void {
  if (eyeBall === null || balls[eyeFrame].includes(eyeBall)) return;
  throw invalid(
    `${at}/eyeBall`,
    `eyeBall ${eyeBall} is not found by every scanner in a ${eyeFrame} eyeFrame: choose ${balls[eyeFrame].join(" or ")}`,
  );
}

function checkContrast(path: string, dark: string, light: string): void {
  const field = path.split("/").at(-1)!;
  const [over, under] = [luminanceOf(dark), luminanceOf(light)];
  if (over >= under)
    throw invalid(path, `${field} must be darker than background: many scanners read no light code on dark`);
  const contrast = contrastOf(dark, light);
  if (contrast < CONTRAST_MIN)
    throw invalid(
      path,
      `${field} has a contrast of ${contrast.toFixed(1)} to background; scanners need ${CONTRAST_MIN}`,
    );
}

export const frameColoursOf = ({ foreground, background, frameColor, frameTextColor }: Style) => ({
  frameColor: frameColor ?? foreground,
  frameTextColor: frameTextColor ?? background,
});

export const contrastOf = (one: string, other: string): number => {
  const [a, b] = [luminanceOf(one), luminanceOf(other)];
  return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
};

/** Relative luminance of WCAG 2.2, 0 to 1. */
function luminanceOf(colour: string): number {
  const [r, g, b] = rgbOf(colour).map((value) => {
    const part = value / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

export const rgbOf = (colour: string): [number, number, number] => [
  Number.parseInt(colour.slice(1, 3), 16),
  Number.parseInt(colour.slice(3, 5), 16),
  Number.parseInt(colour.slice(5, 7), 16),
];
