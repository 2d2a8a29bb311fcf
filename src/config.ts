import { isAddress } from "./lib/ip.ts";
import { parseAllowance } from "./lib/outbound/allow.ts";
import {
  baseUrl,
  dnsServer,
  duration,
  expected,
  flag,
  list,
  listen,
  mailbox,
  networks,
  oneOf,
  type Setting,
  secret,
  size,
  smtpUrl,
  text,
  whole,
} from "./lib/setting.ts";

/** Every setting of the product. Defaults serve: an empty environment is a valid one. */
export const settings = {
  WAYPOST_HOST: text("Address to listen on. 0.0.0.0 for all.", "127.0.0.1"),
  WAYPOST_PORT: whole("Port to listen on. 0 lets the system choose.", 8080, 0, 65_535),
  WAYPOST_DATA_DIR: text("Folder for everything that is kept.", "./data"),
  WAYPOST_BASE_URL: {
    ...text(
      "Where people reach the admin page and the API, such as https://links.example.com. Fixed by the setup request when not set.",
      null,
    ),
    type: "URL",
    parse: baseUrl,
  } satisfies Setting<string, null>,
  WAYPOST_DATABASE_URL: secret(
    "postgres://user:password@host:5432/name keeps everything but clicks in Postgres. Not set: SQLite in the data folder.",
    (value) => (/^postgres(ql)?:\/\//.test(value) ? value : expected("postgres://…")),
  ),
  WAYPOST_SETUP_KEY: secret(
    "On an empty installation: makes a workspace and an owner key with exactly this value. Ignored afterwards.",
    (value) =>
      /^[\x21-\x7e]{32,255}$/.test(value) ? value : expected("32 to 255 printable characters without spaces"),
  ),
  WAYPOST_ALLOW_EPHEMERAL: flag(
    "Serve from a data folder that does not outlive the machine or container.",
    false,
  ),
  WAYPOST_TRUSTED_PROXIES: {
    type: "list of networks",
    default: "",
    about: "Comma-separated addresses or networks whose X-Forwarded-For and X-Forwarded-Proto are believed.",
    parse: networks,
  } satisfies Setting<string[], string>,
  WAYPOST_OUTBOUND_ALLOW: {
    type: "list of networks and hosts",
    default: "",
    about:
      "Comma-separated networks (10.1.0.0/16), addresses or hosts, these with :port if need be (hooks.internal:9000), inside your network that workspaces may have asked, by http:// too. Not set: the public internet alone.",
    parse: (value) =>
      list(value, parseAllowance, "networks or hosts such as 10.1.0.0/16 or hooks.internal:9000"),
  } satisfies Setting<string[], string>,
  WAYPOST_OUTBOUND_DENY: {
    type: "list of networks",
    default: "",
    about:
      "Comma-separated networks with public addresses that workspaces may not have asked, because your own services are there.",
    parse: networks,
  } satisfies Setting<string[], string>,
  WAYPOST_DOMAINS_VERIFY: flag(
    "Serve links only on domains that were verified by their records in DNS.",
    false,
  ),
  WAYPOST_DOMAINS_ADDRESSES: {
    type: "list of addresses",
    default: "",
    about:
      "Comma-separated addresses that domains should point to, for verification. Not set: those of the host of the admin page.",
    parse: (value) =>
      list(value, (one) => (isAddress(one) ? { one } : null), "addresses such as 203.0.113.7 or 2001:db8::7"),
  } satisfies Setting<string[], string>,
  WAYPOST_DNS_SERVERS: {
    type: "list of addresses",
    default: "",
    about:
      "Comma-separated address or address:port of the DNS servers that domains are verified by. Not set: those of the system.",
    parse: (value) =>
      list(value, dnsServer, "addresses such as 1.1.1.1, 127.0.0.1:5353 or [2001:db8::53]:53"),
  } satisfies Setting<string[], string>,
  WAYPOST_KEYRING: secret(
    'The key ring, as "waypost keyring new" prints it: for keys outside the data folder (WAYPOST_KEYRING_FILE), and for several processes on one database. Not set: keys.json in the data folder.',
    (value) => (value.trim().startsWith("{") ? value : expected("a key ring in JSON")),
  ),
  WAYPOST_METRICS_LISTEN: {
    ...text(
      "address:port of a private listener for /metrics and the reasons of /readyz. Not set: operators' tokens only.",
      null,
    ),
    type: "address:port",
    parse: listen,
  } satisfies Setting<{ host: string; port: number }, null>,
  WAYPOST_SMTP_URL: secret(
    "smtp://user:password@host:587 or smtps://host:465 sends mail. Not set: mail stays in the outbox, where the operator reads it.",
    smtpUrl,
  ),
  WAYPOST_SMTP_TLS: oneOf(
    "For smtp://. required: never without STARTTLS. optional: without it where the server offers none. off: never.",
    "required",
    "required",
    "optional",
    "off",
  ),
  WAYPOST_MAIL_FROM: mailbox(
    "Who mail comes from: Waypost <links@example.com>. Not set: waypost@ and the host of the admin page.",
  ),
  WAYPOST_MAIL_REPLY_TO: mailbox("Where answers to mail go. Not set: to the sender."),
  WAYPOST_MAIL_KEEP: duration("How long the delivery log is kept.", "30d"),
  WAYPOST_DKIM_KEY: secret(
    "RSA private key in PEM that signs mail by DKIM for the sender's domain.",
    (value) => (/^-----BEGIN (RSA )?PRIVATE KEY-----/.test(value) ? value : expected("a private key in PEM")),
  ),
  WAYPOST_DKIM_SELECTOR: text("The name under _domainkey where the public key stands in DNS.", "waypost"),
  WAYPOST_SIGNUP: oneOf(
    "Who may make an account. open: anybody, invite: whoever was invited, closed: nobody but the operator makes them.",
    "invite",
    "open",
    "invite",
    "closed",
  ),
  WAYPOST_ACCESS_TOKEN_LIFE: duration("How long an access token is good.", "24h"),
  WAYPOST_SESSION_IDLE: duration("A session that was not used for so long is over.", "14d"),
  WAYPOST_SESSION_LIFE: duration("However much it is used, a session is over after this.", "90d"),
  WAYPOST_LOG_LEVEL: oneOf("Least level that is logged.", "info", "debug", "info", "warning", "error"),
  WAYPOST_LOG_FORMAT: oneOf("json: one object a line. text: for a person's eyes.", "json", "json", "text"),
  WAYPOST_CLICKS_DURABILITY: oneOf(
    "window: a click is on disk within WAYPOST_CLICKS_SYNC_EVERY. strict: before the visitor is answered.",
    "window",
    "window",
    "strict",
  ),
  WAYPOST_CLICKS_SYNC_EVERY: duration("How often the click journal is synced to disk.", "10ms"),
  WAYPOST_CLICKS_JOURNAL: oneOf(
    "map: memory-mapped segments. write: a system call a click. auto: map where the file system is known to be safe.",
    "auto",
    "auto",
    "map",
    "write",
  ),
  WAYPOST_HONOR_OPT_OUT: flag("Visitors who send Sec-GPC or DNT are counted without a visitor id.", true),
  WAYPOST_CACHE_LINKS: whole("Links kept in memory for redirects.", 100_000, 100, 10_000_000),
  WAYPOST_RATE_LIMIT: whole(
    "API calls a minute in the rate tier `default`. 0: no limit.",
    3000,
    0,
    10_000_000,
  ),
  WAYPOST_RATE_TIER: text("Rate tier of callers whose key names none.", "default"),
  WAYPOST_RATE_LIMIT_ANONYMOUS: whole(
    "API calls a minute for each address without a valid key. 0: no limit.",
    120,
    0,
    10_000_000,
  ),
  WAYPOST_MISS_LIMIT: whole(
    "Links that do not exist a visitor may ask for in a minute before only well-visited links are answered. 0: no limit.",
    100,
    0,
    10_000_000,
  ),
  WAYPOST_BODY_LIMIT: size("Largest request body.", "1MiB"),
  WAYPOST_REQUEST_TIMEOUT: duration("Longest an API call may take.", "30s"),
  WAYPOST_SHUTDOWN_TIMEOUT: duration("How long a stop waits for requests in flight.", "30s"),
  WAYPOST_IDEMPOTENCY_KEEP: duration("How long answers to an Idempotency-Key are kept.", "24h"),
  WAYPOST_TRASH_KEEP: duration("How long deleted links stay in the trash before they are destroyed.", "30d"),
  WAYPOST_EXPORTS_KEEP: duration("How long the file of an export can be taken away.", "24h"),
  WAYPOST_IMPORT_LIMIT: size("Largest file of an import, unpacked.", "512MiB"),
  WAYPOST_JOBS_KEEP: duration("How long jobs that are done or cancelled are kept.", "3d"),
  WAYPOST_JOBS_KEEP_DEAD: duration("How long jobs that have failed for good are kept.", "30d"),
  WAYPOST_WORKSPACES_MAX: whole(
    "Workspaces that one account may own, its personal one apart. 0: no limit.",
    100,
    0,
    1_000_000,
  ),
  WAYPOST_WORKSPACE_GRACE: duration("How long a deleted workspace can be restored.", "30d"),
  WAYPOST_INVITES_PER_HOUR: whole(
    "Invitations that one workspace may mail in an hour. 0: no limit.",
    100,
    0,
    1_000_000,
  ),
  WAYPOST_DISK_RESERVE: size(
    "Free space below which writes are refused, so that redirects and clicks go on.",
    "200MB",
  ),
} as const;

export type SettingName = keyof typeof settings;
/** A parsed, frozen configuration: the setting's value, or null where unset is a state of its own. */
export type Config = {
  readonly [Name in SettingName]: ReturnType<(typeof settings)[Name]["parse"]> | NullIfUnset<Name>;
};
type NullIfUnset<Name extends SettingName> = (typeof settings)[Name]["default"] extends string ? never : null;

export interface ConfigSource {
  /** `default`, `environment`, or the file named by NAME_FILE. */
  readonly from: string;
  readonly text: string | null;
}

/** Every mistake at once: one line each, naming the setting and what is expected. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  readonly mistakes: readonly string[];
  constructor(mistakes: readonly string[]) {
    super(
      `The configuration has ${mistakes.length} mistake(s):\n${mistakes.map((m) => `  ${m}`).join("\n")}`,
    );
    this.mistakes = mistakes;
  }
}

/**
 * Reads the configuration out of an environment. Pure but for `readFile`, which serves NAME_FILE.
 * @throws ConfigError with every mistake, unknown WAYPOST_ names included
 */
export function loadConfig(
  env: Readonly<Record<string, string | undefined>>,
  readFile: (path: string) => string,
): { config: Config; sources: Readonly<Record<SettingName, ConfigSource>> } {
  const mistakes: string[] = [];
  const values: Record<string, unknown> = {};
  const sources: Record<string, ConfigSource> = {};
  for (const name of Object.keys(env)) if (name.startsWith("WAYPOST_")) checkName(name, mistakes);
  for (const [name, setting] of Object.entries(settings) as [SettingName, Setting<unknown>][]) {
    try {
      const source = sourceOf(name, setting, env, readFile);
      sources[name] = source;
      values[name] = source.text === null ? null : setting.parse(source.text);
    } catch (error) {
      mistakes.push(`${name}: ${(error as Error).message}`);
    }
  }
  if (mistakes.length > 0) throw new ConfigError(mistakes);
  return { config: Object.freeze(values) as Config, sources: sources as Record<SettingName, ConfigSource> };
}

function checkName(name: string, mistakes: string[]): void {
  const plain = name.endsWith("_FILE") ? name.slice(0, -5) : name;
  if (name in settings) return;
  if (plain in settings && settings[plain as SettingName].type === "secret") return;
  mistakes.push(
    plain in settings
      ? `${name}: only secrets can be read from a file`
      : `${name}: there is no such setting; "waypost config" lists them`,
  );
}

function sourceOf(
  name: SettingName,
  setting: Setting<unknown>,
  env: Readonly<Record<string, string | undefined>>,
  readFile: (path: string) => string,
): ConfigSource {
  const direct = env[name];
  const file = setting.secret ? env[`${name}_FILE`] : undefined;
  if (direct !== undefined && file !== undefined) throw new Error(`set it or ${name}_FILE, not both`);
  if (file !== undefined) return { from: `file ${file}`, text: readSecret(file, readFile) };
  // A variable that is present but empty is how compose files say "not set".
  if (direct !== undefined && direct !== "") return { from: "environment", text: direct };
  return { from: "default", text: setting.default };
}

function readSecret(path: string, readFile: (path: string) => string): string {
  try {
    return readFile(path).trim();
  } catch (error) {
    throw new Error(`cannot read ${path}: ${(error as Error).message}`);
  }
}
