import {
  type Brand,
  type Language,
  type Letter,
  languageOf,
  type Part,
  type Reader,
  type Texts,
} from "./letter.ts";

export interface Body {
  readonly html: string;
  readonly text: string;
}

/** Makes both bodies of a letter. `unsubscribeUrl` is null for what nobody can unsubscribe. */
export function bodyOf(letter: Letter, reader: Reader, brand: Brand, unsubscribeUrl: string | null): Body {
  const language = languageOf(reader);
  return {
    html: html(letter, language, brand, unsubscribeUrl),
    text: text(letter, language, brand, unsubscribeUrl),
  };
}

const unsubscribe: Texts = { en: "Unsubscribe", de: "Abbestellen" };

/**
 * One column that needs no images, no fonts and no sheet from elsewhere. Colours stand in the elements for programs
 * that drop sheets, and in one sheet again for those that can do dark.
 */
const html = (
  { subject, preview, parts, reason }: Letter,
  language: Language,
  brand: Brand,
  unsubscribeUrl: string | null,
): string => `<!doctype html>
<html lang="${language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="supported-color-schemes" content="light dark">
<title>${safe(subject)}</title>
<style>
:root{color-scheme:light dark}
@media (prefers-color-scheme:dark){
.paper{background:#111113!important}.card{background:#18191b!important;border-color:#2e3135!important}
.ink{color:#edeef0!important}.soft{color:#b0b4ba!important}.box{background:#212225!important;border-color:#363a3f!important}
}
</style>
</head>
<body class="paper" style="margin:0;padding:0;background:#f4f4f6">
<div style="display:none;max-height:0;overflow:hidden">${safe(preview)}</div>
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" class="paper" style="background:#f4f4f6">
<tr><td align="center" style="padding:32px 16px">
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" style="max-width:560px">
<tr><td class="ink" style="${FONT};padding:0 8px 16px;font-size:15px;font-weight:600;color:#1c2024">${head(brand)}</td></tr>
<tr><td class="card" style="padding:32px;background:#ffffff;border:1px solid #e0e1e6;border-radius:12px">
${parts.map((part) => htmlOf[part.kind](part as never, brand)).join("\n")}
</td></tr>
<tr><td class="soft" style="${FONT};padding:16px 8px;font-size:13px;line-height:20px;color:#60646c">${foot(reason, language, brand, unsubscribeUrl)}</td></tr>
</table>
</td></tr>
</table>
</body>
</html>
`;

const FONT = "font-family:system-ui,-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif";
const MONO = "font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace";

const head = ({ name, logoUrl }: Brand): string =>
  logoUrl === null
    ? safe(name)
    : `<img src="${safe(logoUrl)}" alt="${safe(name)}" height="28" style="display:block;height:28px;border:0">`;

const foot = (reason: string, language: Language, brand: Brand, unsubscribeUrl: string | null): string =>
  [
    safe(reason),
    brand.website === null ? safe(brand.name) : link(brand.website, brand.name),
    ...(unsubscribeUrl === null ? [] : [link(unsubscribeUrl, unsubscribe[language])]),
  ].join("<br>");

const link = (url: string, label: string): string =>
  `<a href="${safe(url)}" class="soft" style="color:#60646c">${safe(label)}</a>`;

type HtmlOf = {
  readonly [Kind in Part["kind"]]: (part: Extract<Part, { kind: Kind }>, brand: Brand) => string;
};

const htmlOf: HtmlOf = {
  text: ({ text }) =>
    `<p class="ink" style="${FONT};margin:0 0 16px;font-size:16px;line-height:25px;color:#1c2024">${lines(text)}</p>`,
  note: ({ text }) =>
    `<p class="soft" style="${FONT};margin:0;font-size:14px;line-height:21px;color:#60646c">${lines(text)}</p>`,
  code: ({ code }) =>
    `<p class="box ink" style="${MONO};margin:0 0 16px;padding:16px;font-size:28px;letter-spacing:4px;text-align:center;color:#1c2024;background:#f4f4f6;border:1px solid #e0e1e6;border-radius:8px">${safe(code)}</p>`,
  button: ({ label, url }, { color }) =>
    `<p style="${FONT};margin:8px 0 16px"><a href="${safe(url)}" style="display:inline-block;padding:12px 20px;font-size:16px;font-weight:600;color:${inkOn(color)};background:${color};border-radius:8px;text-decoration:none">${safe(label)}</a></p>
<p class="soft" style="${FONT};margin:0 0 16px;font-size:13px;line-height:20px;color:#60646c;word-break:break-all">${safe(url)}</p>`,
  facts: ({ facts }) =>
    `<table role="presentation" cellpadding="0" cellspacing="0" border="0" style="margin:0 0 16px">${facts
      .map(
        ([name, value]) =>
          `<tr><td class="soft" style="${FONT};padding:2px 16px 2px 0;font-size:14px;line-height:21px;color:#60646c;vertical-align:top">${safe(name)}</td><td class="ink" style="${FONT};padding:2px 0;font-size:14px;line-height:21px;color:#1c2024;word-break:break-word">${safe(value)}</td></tr>`,
      )
      .join("")}</table>`,
};

const safe = (value: string): string => Bun.escapeHTML(value);
const lines = (value: string): string => safe(value).replaceAll("\n", "<br>");

/** The luminance of a colour that black (0.0143) and white stand out from alike. */
const SAME_EITHER_WAY = Math.sqrt(1.05 * (0.0143 + 0.05)) - 0.05;

/** Black or white, whichever is easier to read on a colour (WCAG 2.2, relative luminance). */
export function inkOn(color: string): "#ffffff" | "#1c2024" {
  const [red, green, blue] = [1, 3, 5]
    .map((at) => Number.parseInt(color.slice(at, at + 2), 16) / 255)
    .map((share) => (share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4)) as [
    number,
    number,
    number,
  ];
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue > SAME_EITHER_WAY ? "#1c2024" : "#ffffff";
}

const text = (
  { parts, reason }: Letter,
  language: Language,
  brand: Brand,
  unsubscribeUrl: string | null,
): string =>
  `${[
    ...parts.map(textOf),
    [
      "-- ",
      reason,
      brand.website === null ? brand.name : `${brand.name}: ${brand.website}`,
      ...(unsubscribeUrl === null ? [] : [`${unsubscribe[language]}: ${unsubscribeUrl}`]),
    ].join("\n"),
  ].join("\n\n")}\n`;

function textOf(part: Part): string {
  switch (part.kind) {
    case "code":
      return `    ${part.code}`;
    case "button":
      return `${part.label}:\n${part.url}`;
    case "facts":
      return part.facts.map(([name, value]) => `${name}: ${value}`).join("\n");
    default:
      return part.text;
  }
}
