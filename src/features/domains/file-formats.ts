import { invalid } from "../../lib/errors.ts";

/** What programs ask of a host, by the field that holds it. */
export const fileNames = ["appleAppSiteAssociation", "assetLinks", "robots"] as const;
export type FileName = (typeof fileNames)[number];

/** Less than what Apple (128 kB) and crawlers (RFC 9309: 500 KiB) take, for the texts are told by events, too. */
const BYTES_MAX: Readonly<Record<FileName, number>> = {
  appleAppSiteAssociation: 65_536,
  assetLinks: 65_536,
  robots: 32_768,
};

/** @throws AppError VALIDATION_ERROR naming the file, and saying where in it the mistake is */
export function checkFile(name: FileName, text: string): void {
  const problem =
    Buffer.byteLength(text) > BYTES_MAX[name]
      ? `is longer than ${BYTES_MAX[name]} bytes`
      : text.isWellFormed()
        ? formats[name](text)
        : "holds half a character (a lone surrogate)";
  if (problem !== null) throw invalid(`/${name}`, `${name} ${problem}`);
}

/** Why a text is no such file, as the end of a sentence; null when it is one. */
const formats: Readonly<Record<FileName, (text: string) => string | null>> = {
  appleAppSiteAssociation: (text) => parsed(text, association),
  assetLinks: (text) => parsed(text, statements),
  robots: robotsProblem,
};

type Problem = string | null;
/** An object, with the names that are looked at. */
type Thing = Readonly<Record<string, unknown>> & {
  readonly [K in
    | "apps"
    | "details"
    | "include"
    | "relation"
    | "target"
    | "namespace"
    | "site"
    | "package_name"
    | "sha256_cert_fingerprints"
    | "appID"
    | "appIDs"
    | "paths"
    | "components"]?: unknown;
};

function parsed(text: string, check: (value: unknown) => Problem): Problem {
  try {
    return check(JSON.parse(text));
  } catch {
    return "is not valid JSON";
  }
}

const isThing = (value: unknown): value is Thing =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** The first problem of a list of things. */
function each(value: unknown, at: string, check: (one: unknown, at: string) => Problem): Problem {
  if (!Array.isArray(value)) return `has no list at ${at}`;
  for (const [i, one] of value.entries()) {
    const problem = check(one, `${at}/${i}`);
    if (problem !== null) return problem;
  }
  return null;
}

const firstOf = (problems: Iterable<Problem>): Problem => {
  for (const problem of problems) if (problem !== null) return problem;
  return null;
};

/** Apple: "Supporting associated domains". Keys it does not know are passed over, as Apple's own reader does. */
function association(value: unknown): Problem {
  if (!isThing(value)) return "is no JSON object";
  const services = ["applinks", "webcredentials", "appclips", "activitycontinuation"];
  const named = services.filter((service) => Object.hasOwn(value, service));
  if (named.length === 0) return `names none of ${services.join(", ")}`;
  return firstOf(named.map((service) => serviceProblem(service, value[service])));
}

function serviceProblem(service: string, value: unknown): Problem {
  if (!isThing(value)) return `has no object at /${service}`;
  if (service !== "applinks") return each(value.apps, `/${service}/apps`, appId);
  if (value.apps !== undefined && !(Array.isArray(value.apps) && value.apps.length === 0))
    return "has something at /applinks/apps, which must be an empty list";
  return each(value.details, "/applinks/details", detail);
}

/** The prefix of the team, and the bundle: `ABCDE12345.com.example.app`. */
const appId = (value: unknown, at: string): Problem =>
  typeof value === "string" && /^[A-Z0-9]{10}\.[A-Za-z0-9.-]{1,200}$/.test(value)
    ? null
    : `has no app id such as ABCDE12345.com.example.app at ${at}`;

function detail(value: unknown, at: string): Problem {
  if (!isThing(value)) return `has no object at ${at}`;
  const { appID, appIDs, paths, components } = value;
  if (appID === undefined && appIDs === undefined) return `has neither appIDs nor appID at ${at}`;
  return firstOf([
    appID === undefined ? null : appId(appID, `${at}/appID`),
    appIDs === undefined ? null : each(appIDs, `${at}/appIDs`, appId),
    paths === undefined ? null : each(paths, `${at}/paths`, text),
    components === undefined ? null : each(components, `${at}/components`, component),
  ]);
}

const text = (value: unknown, at: string): Problem =>
  typeof value === "string" ? null : `has no text at ${at}`;

const COMPONENT: Readonly<Record<string, (value: unknown) => boolean>> = {
  "/": (value) => typeof value === "string",
  "#": (value) => typeof value === "string",
  "?": (value) =>
    typeof value === "string" ||
    (isThing(value) && Object.values(value).every((one) => typeof one === "string")),
  comment: (value) => typeof value === "string",
  exclude: (value) => typeof value === "boolean",
  caseSensitive: (value) => typeof value === "boolean",
  percentEncoded: (value) => typeof value === "boolean",
};

function component(value: unknown, at: string): Problem {
  if (!isThing(value)) return `has no object at ${at}`;
  const wrong = Object.entries(value).find(
    ([name, one]) => !(Object.hasOwn(COMPONENT, name) && COMPONENT[name]!(one)),
  );
  return wrong === undefined ? null : `has what belongs to no component at ${at}/${wrong[0]}`;
}

/** Google: "Digital Asset Links", statement lists. */
const statements = (value: unknown): Problem =>
  Array.isArray(value) ? each(value, "", statement) : "is no JSON list";

function statement(value: unknown, at: string): Problem {
  if (!isThing(value)) return `has no object at ${at}`;
  if (value.include !== undefined)
    return isHttps(value.include) ? null : `has no https:// address at ${at}/include`;
  const relation = each(value.relation, `${at}/relation`, (one, place) =>
    typeof one === "string" && /^[a-z0-9_.-]+\/[a-z0-9_.-]+$/.test(one)
      ? null
      : `has no relation such as delegate_permission/common.handle_all_urls at ${place}`,
  );
  return relation ?? targetProblem(value.target, `${at}/target`);
}

function targetProblem(value: unknown, at: string): Problem {
  if (!isThing(value)) return `has no object at ${at}`;
  if (value.namespace === "web") return isHttps(value.site) ? null : `has no https:// address at ${at}/site`;
  if (value.namespace !== "android_app") return `has neither android_app nor web at ${at}/namespace`;
  const name = value.package_name;
  if (typeof name !== "string" || !/^[A-Za-z]\w*(\.[A-Za-z]\w*)+$/.test(name))
    return `has no package name at ${at}/package_name`;
  return each(value.sha256_cert_fingerprints, `${at}/sha256_cert_fingerprints`, (one, place) =>
    typeof one === "string" && /^([0-9A-F]{2}:){31}[0-9A-F]{2}$/.test(one)
      ? null
      : `has no SHA-256 fingerprint of 32 pairs in capitals with colons between at ${place}`,
  );
}

const isHttps = (value: unknown): boolean =>
  typeof value === "string" && URL.parse(value)?.protocol === "https:";

/** RFC 9309: a line is empty, a comment, or a name, a colon and a value. */
function robotsProblem(text: string): Problem {
  const lines = text.split(/\r\n|\r|\n/);
  const wrong = lines.findIndex((line) => CONTROL.test(line) || !/^\s*([A-Za-z-]+\s*:.*|#.*)?$/.test(line));
  return wrong < 0 ? null : `has neither a rule such as "Disallow: /" nor a comment in line ${wrong + 1}`;
}
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const CONTROL = /[\0-\x08\x0b-\x1f\x7f]/;
