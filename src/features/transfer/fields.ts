import { NewLink } from "../links/model.ts";
import type { ImportOptions } from "./import-model.ts";

const wholes = new Set(["redirectStatus", "clicksLimit", "expiresAfterSeconds"]);
const switches = new Set(["forwardQuery", "enabled", "oneTime", "forwardPath", "forwardUtm", "publicStats"]);
const objects = new Set(["customData", "utm", "cost"]);

/** Passwords are hashed one by one; findExisting asks for what the policy says. */
const leftOut = new Set(["password", "findExisting"]);
export const importable = new Set(Object.keys(NewLink.properties).filter((name) => !leftOut.has(name)));

/** What others call our fields, without blanks, dashes and case. */
const aliases: Readonly<Record<string, string>> = {
  url: "destinationUrl",
  longurl: "destinationUrl",
  originalurl: "destinationUrl",
  destination: "destinationUrl",
  target: "destinationUrl",
  shortcode: "slug",
  customslug: "slug",
  key: "slug",
  backhalf: "slug",
  path: "slug",
  tag: "tags",
  labels: "tags",
  comments: "notes",
  expires: "expiresAt",
  maxvisits: "clicksLimit",
};
const ownNames = new Map([...importable].map((name) => [name.toLowerCase(), name]));

/** The field that a column is; null for one that is passed over. */
export function fieldOf(column: string, mapping: ImportOptions["mapping"]): string | null {
  const said = mapping[column];
  if (said !== undefined) return said;
  const bare = column.toLowerCase().replace(/[\s_-]/g, "");
  return ownNames.get(bare) ?? aliases[bare] ?? null;
}

/** A row as `POST /links` would take it. What it cannot be is left as it is, for the judge of links to name. */
export function linkOfRow(
  fields: Readonly<Record<string, unknown>>,
  { mapping, domain }: Pick<ImportOptions, "mapping" | "domain">,
): Record<string, unknown> {
  const link: Record<string, unknown> = { destinationUrl: null };
  for (const [column, value] of Object.entries(fields)) {
    const name = fieldOf(column, mapping);
    if (name === null || value === null || value === "") continue;
    link[name] = typeof value === "string" ? typed(name, value) : value;
  }
  if (domain !== null) link["domain"] = domain;
  // An export tells both; the moment is what the link had.
  if (link["expiresAt"] !== undefined) delete link["expiresAfterSeconds"];
  return link;
}

function typed(name: string, text: string): unknown {
  if (wholes.has(name)) return /^\d{1,12}$/.test(text) ? Number(text) : text;
  if (switches.has(name))
    return /^(true|1|yes)$/i.test(text) ? true : /^(false|0|no)$/i.test(text) ? false : text;
  if (name === "tags")
    return [
      ...new Set(
        text
          .split(/[,|]/)
          .map((tag) => tag.trim())
          .filter((tag) => tag !== ""),
      ),
    ];
  if (!objects.has(name)) return text;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
