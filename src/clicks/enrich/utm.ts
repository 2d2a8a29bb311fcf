/** The five campaign parameters of a visitor's query. Absent ones are empty. */
export interface Utm {
  readonly utmSource: string;
  readonly utmMedium: string;
  readonly utmCampaign: string;
  readonly utmTerm: string;
  readonly utmContent: string;
}

const LENGTH_MAX = 255;
const none: Utm = { utmSource: "", utmMedium: "", utmCampaign: "", utmTerm: "", utmContent: "" };

/** `query` without its `?`. */
export function readUtm(query: string): Utm {
  // Nearly every visitor comes without: spare them the parser.
  if (!query.includes("utm_")) return none;
  const parameters = new URLSearchParams(query);
  const value = (name: string) => (parameters.get(name) ?? "").replaceAll("\0", "").slice(0, LENGTH_MAX);
  return {
    utmSource: value("utm_source"),
    utmMedium: value("utm_medium"),
    utmCampaign: value("utm_campaign"),
    utmTerm: value("utm_term"),
    utmContent: value("utm_content"),
  };
}
