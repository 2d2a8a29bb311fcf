import type { LinkDefaults, WorkspaceBrand } from "../../db/schema/workspaces.ts";
import { invalid } from "../../lib/errors.ts";
import { parseDestination } from "../../lib/url.ts";
import { plainName } from "../../platform/schema.ts";
import type { NewWorkspace } from "./model.ts";

export interface Settings {
  readonly timeZone: string;
  readonly locale: string;
  readonly brand: WorkspaceBrand;
  readonly linkDefaults: LinkDefaults;
}

export const ownSettings: Settings = { timeZone: "UTC", locale: "en", brand: {}, linkDefaults: {} };

/**
 * Settings after a patch: within `brand` and `linkDefaults` too, only what is named changes, and null clears.
 * @throws AppError VALIDATION_ERROR naming the field
 */
export const patchedSettings = (
  before: Settings,
  { timeZone, locale, brand, linkDefaults }: Partial<Omit<NewWorkspace, "slug">>,
): Settings => ({
  timeZone: timeZone === undefined ? before.timeZone : timeZoneOf(timeZone),
  locale: locale === undefined ? before.locale : localeOf(locale),
  brand: brand === undefined ? before.brand : brandOf({ ...before.brand, ...brand }),
  linkDefaults:
    linkDefaults === undefined
      ? before.linkDefaults
      : withoutNulls({ ...before.linkDefaults, ...linkDefaults }),
});

function timeZoneOf(name: string): string {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: name }).resolvedOptions().timeZone;
  } catch {
    throw invalid("/timeZone", "timeZone must be an IANA name such as Europe/Vienna");
  }
}

function localeOf(name: string): string {
  try {
    return new Intl.Locale(name).toString();
  } catch {
    throw invalid("/locale", "locale must be a BCP 47 language such as de-AT");
  }
}

function brandOf({ name, logoUrl, website, color }: WorkspaceBrand): WorkspaceBrand {
  return withoutNulls({
    name: name ? plainName(name) : null,
    logoUrl: webAddress("/brand/logoUrl", logoUrl, /^https:/),
    website: webAddress("/brand/website", website, /^https?:/),
    color: color?.toLowerCase() ?? null,
  });
}

function webAddress(path: string, text: string | null | undefined, scheme: RegExp): string | null {
  if (text === null || text === undefined) return null;
  const address = parseDestination(text);
  const field = path.slice(1).replace("/", ".");
  if ("problem" in address) throw invalid(path, `${field} ${address.problem}`);
  // Readers of a mail over https would not be shown anything else, and others would be watched.
  if (!scheme.test(address.href)) throw invalid(path, `${field} must begin with https://`);
  return address.href;
}

const withoutNulls = <T extends object>(of: T): T =>
  Object.fromEntries(Object.entries(of).filter(([, value]) => value !== null && value !== undefined)) as T;
