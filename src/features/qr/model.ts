import { type TNull, type TOptional, type TSchema, type TUnion, Type as t } from "@sinclair/typebox";
import { isoOf, nameText, nullable, oneOf, queryInteger, strict, Time } from "../../platform/schema.ts";
import { levels } from "./code.ts";
import { pictureUrlMax } from "./picture.ts";
import { sheetMax } from "./sheet.ts";
import {
  dotShapes,
  eyeShapes,
  formats,
  frames,
  frameTextMax,
  gradients,
  logoSizeMax,
  logoSizeMin,
  marginMax,
  marginMin,
  plainStyle,
  restyled,
  type Style,
  type StylePatch,
  sizeMax,
  sizeMin,
} from "./style.ts";

const Colour = (about: string) =>
  t.String({
    maxLength: 7,
    pattern: "^#?([0-9A-Fa-f]{3}|[0-9A-Fa-f]{6})$",
    description: `a colour such as #1a2b3c: ${about}`,
    examples: ["#1a2b3c"],
  });
const FrameText = t.String({
  minLength: 1,
  maxLength: frameTextMax,
  pattern: "^[^\\x00-\\x1f\\x7f]*[^\\x00-\\x20\\x7f][^\\x00-\\x1f\\x7f]*$",
  description: "a text on one line",
});

/** What a style is made of, but for its numbers, which arrive as text in a query. */
const looks = {
  level: oneOf(levels, "Error level; M when left out, H with a logo."),
  foreground: Colour("of the code"),
  background: Colour("lighter than the code"),
  gradient: oneOf(gradients),
  gradientTo: Colour("where the gradient ends"),
  dots: oneOf(dotShapes),
  eyeFrame: oneOf(eyeShapes),
  eyeBall: oneOf(eyeShapes, "As the frame when left out."),
  frame: oneOf(frames, "A border with a text below or above the code."),
  frameText: FrameText,
  frameColor: Colour("of the frame; that of the code when left out"),
  frameTextColor: Colour("of its text; the background when left out"),
};
const keptLogo = oneOf(
  ["none", "domain", "workspace"],
  "The domain's logo, or else the workspace's; or that one whatever the domain.",
);
const numbers = {
  size: { minimum: sizeMin, maximum: sizeMax, description: "Width in pixels." },
  margin: { minimum: marginMin, maximum: marginMax, description: "Modules of light around the code." },
  gradientAngle: { minimum: 0, maximum: 359, description: "Degrees, clockwise from left to right." },
  logoSize: { minimum: logoSizeMin, maximum: logoSizeMax, description: "Per cent of the code's side." },
} as const;

const optional = <P extends Record<string, TSchema>>(properties: P) =>
  Object.fromEntries(Object.entries(properties).map(([name, schema]) => [name, t.Optional(schema)])) as {
    [K in keyof P]: TOptional<P[K]>;
  };
const clearable = <P extends Record<string, TSchema>>(properties: P) =>
  Object.fromEntries(
    Object.entries(properties).map(([name, schema]) => [name, t.Optional(nullable(schema))]),
  ) as { [K in keyof P]: TOptional<TUnion<[P[K], TNull]>> };

const templateName = t.String({
  maxLength: 64,
  description: "`qr_…`, or `none` for the plain look; the workspace's default when left out.",
});

/** How a code is to look, as query parameters; on top of a template. */
const lookQuery = {
  template: t.Optional(templateName),
  ...optional({
    size: queryInteger(numbers.size),
    margin: queryInteger(numbers.margin),
    gradientAngle: queryInteger(numbers.gradientAngle),
    logoSize: queryInteger(numbers.logoSize),
    ...looks,
  }),
};
export const ImageQuery = {
  format: t.Optional(oneOf(formats, "png when left out.")),
  ...lookQuery,
  logo: t.Optional(
    t.String({
      maxLength: pictureUrlMax,
      description: "`none`, `domain`, `workspace`, or a data URL of a PNG, JPEG or WebP.",
    }),
  ),
};
export const SheetQuery = strict({
  links: t.String({
    minLength: 1,
    maxLength: 4000,
    pattern: `^link_[0-9a-z]{26}(,link_[0-9a-z]{26}){0,${sheetMax - 1}}$`,
    description: `ids of up to ${sheetMax} links with commas between`,
    examples: ["link_01jd0000000000000000000000"],
  }),
  paper: t.Optional(oneOf(["a4", "letter"])),
  columns: t.Optional(queryInteger({ minimum: 1, maximum: 6 })),
  rows: t.Optional(queryInteger({ minimum: 1, maximum: 8 })),
  caption: t.Optional(oneOf(["url", "title", "none"])),
  logo: t.Optional(keptLogo),
  ...lookQuery,
});

const whole = (limits: (typeof numbers)[keyof typeof numbers]) => t.Integer({ ...limits });
const StyleInput = strict(
  clearable({
    size: whole(numbers.size),
    margin: whole(numbers.margin),
    gradientAngle: whole(numbers.gradientAngle),
    logoSize: whole(numbers.logoSize),
    logo: keptLogo,
    ...looks,
  }),
  "What it leaves out is as by default.",
);

export const NewTemplate = strict({
  name: nameText(100, { examples: ["Posters"] }),
  style: t.Optional(StyleInput),
  isDefault: t.Optional(t.Boolean({ description: "Codes that name no template have it." })),
});
export type NewTemplate = typeof NewTemplate.static;
export const TemplatePatch = strict({
  name: t.Optional(nameText(100)),
  style: t.Optional(StyleInput),
  isDefault: t.Optional(t.Boolean()),
});
export type TemplatePatch = typeof TemplatePatch.static;

const ShownStyle = t.Object({
  size: t.Integer(),
  margin: t.Integer(),
  level: nullable(oneOf(levels)),
  foreground: t.String(),
  background: t.String(),
  gradient: oneOf(gradients),
  gradientTo: t.String(),
  gradientAngle: t.Integer(),
  dots: oneOf(dotShapes),
  eyeFrame: oneOf(eyeShapes),
  eyeBall: nullable(oneOf(eyeShapes)),
  logo: t.String(),
  logoSize: t.Integer(),
  frame: oneOf(frames),
  frameText: t.String(),
  frameColor: nullable(t.String()),
  frameTextColor: nullable(t.String()),
});
export const Template = t.Object(
  {
    id: t.String({ examples: ["qr_01jd0000000000000000000000"] }),
    name: t.String(),
    isDefault: t.Boolean(),
    style: ShownStyle,
    createdBy: t.String(),
    createdAt: Time,
    updatedAt: Time,
  },
  { $id: "QrTemplate" },
);
export type Template = typeof Template.static;

export interface TemplateRow {
  readonly id: `qr_${string}`;
  readonly workspaceId: `ws_${string}`;
  readonly name: string;
  readonly nameKey: string;
  readonly style: Readonly<Record<string, string | number>>;
  readonly isDefault: boolean;
  readonly createdBy: string;
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** The whole style of a template. */
export const styleOf = ({ style }: Pick<TemplateRow, "style">): Style =>
  restyled(plainStyle, style as StylePatch);

export const toTemplate = (row: TemplateRow): Template => ({
  id: row.id,
  name: row.name,
  isDefault: row.isDefault,
  style: styleOf(row),
  createdBy: row.createdBy,
  createdAt: isoOf(row.createdAt),
  updatedAt: isoOf(row.updatedAt),
});

export const LogoPlace = {
  domain: t.Optional(
    t.String({
      minLength: 1,
      maxLength: 255,
      description: "Host or id; the workspace's logo when left out.",
    }),
  ),
};
export const LogoInput = strict({
  image: t.String({
    minLength: 1,
    maxLength: pictureUrlMax,
    description: "A data URL of a PNG, JPEG or WebP; it is kept with 256 pixels a side at most.",
    examples: [
      "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
    ],
  }),
});

const logo = {
  id: t.String({ examples: ["logo_01jd0000000000000000000000"] }),
  domainId: nullable(t.String({ description: "Null for the workspace's." })),
  width: t.Integer(),
  height: t.Integer(),
  hash: t.String({ description: "SHA-256 of the picture, hex." }),
  createdAt: Time,
  updatedAt: Time,
};
/** A logo without its picture: what events tell. */
export const LogoCore = t.Object(logo, { $id: "QrLogoCore" });
export type LogoCore = typeof LogoCore.static;
export const Logo = t.Object({ ...logo, image: t.String({ description: "A data URL." }) }, { $id: "QrLogo" });
export type Logo = typeof Logo.static;

export interface LogoRow {
  readonly id: `logo_${string}`;
  readonly workspaceId: `ws_${string}`;
  readonly domainId: `dom_${string}` | null;
  readonly png: string;
  readonly hash: string;
  readonly width: number;
  readonly height: number;
  readonly createdAt: number;
  readonly updatedAt: number;
}

export const toLogoCore = (row: LogoRow): LogoCore => ({
  id: row.id,
  domainId: row.domainId,
  width: row.width,
  height: row.height,
  hash: row.hash,
  createdAt: isoOf(row.createdAt),
  updatedAt: isoOf(row.updatedAt),
});
export const toLogo = (row: LogoRow): Logo => ({
  ...toLogoCore(row),
  image: `data:image/png;base64,${row.png}`,
});
