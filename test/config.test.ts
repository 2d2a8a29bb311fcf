import { describe, expect, test } from "bun:test";
import { ConfigError, loadConfig, settings } from "../src/config.ts";

const noFile = (path: string): string => {
  throw new Error(`no such file: ${path}`);
};
const load = (env: Record<string, string>, readFile = noFile) => loadConfig(env, readFile);
const mistakesOf = (env: Record<string, string>, readFile = noFile): readonly string[] => {
  try {
    load(env, readFile);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.mistakes;
    throw error;
  }
};

test("an empty environment is a valid one", () => {
  const { config, sources } = load({});
  expect(config.WAYPOST_HOST).toBe("127.0.0.1");
  expect(config.WAYPOST_PORT).toBe(8080);
  expect(config.WAYPOST_DATA_DIR).toBe("./data");
  expect(config.WAYPOST_BASE_URL).toBeNull();
  expect(new Set(Object.values(sources).map(({ from }) => from))).toEqual(new Set(["default"]));
});

test("every default is one that its own setting takes", () => {
  for (const [name, { default: fallback, parse }] of Object.entries(settings))
    if (fallback !== null) expect(() => parse(fallback as never), name).not.toThrow();
});

test("all mistakes are told at once, each with its name and what is expected", () => {
  const mistakes = mistakesOf({
    WAYPOST_PORT: "http",
    WAYPOST_CLICKS_SYNC_EVERY: "10",
    WAYPOST_BODY_LIMIT: "1 megabyte",
    WAYPOST_SETUP_KEY: "short",
    WAYPOST_PROT: "8080",
  });
  expect(mistakes).toHaveLength(5);
  expect(mistakes.join("\n")).toContain("WAYPOST_PORT: expected a whole number from 0 to 65535");
  expect(mistakes.join("\n")).toContain("WAYPOST_CLICKS_SYNC_EVERY: expected a duration");
  expect(mistakes.join("\n")).toContain("WAYPOST_BODY_LIMIT: expected a size");
  expect(mistakes.join("\n")).toContain("WAYPOST_SETUP_KEY: expected 32 to 255");
  expect(mistakes.join("\n")).toContain("WAYPOST_PROT: there is no such setting");
});

test("a mistake in a secret does not tell the secret", () => {
  const url = "mysql://waypost:hunter2@db/links";
  expect(mistakesOf({ WAYPOST_DATABASE_URL: url, WAYPOST_SETUP_KEY: "hunter2" }).join()).not.toContain(
    "hunter2",
  );
});

test("names of others are nobody's business", () => {
  expect(mistakesOf({ PATH: "/bin", WAYPOSTER: "1", way: "2" })).toEqual([]);
});

test("a variable that is set but empty counts as not set", () => {
  const { config, sources } = load({ WAYPOST_PORT: "", WAYPOST_BASE_URL: "" });
  expect(config.WAYPOST_PORT).toBe(8080);
  expect(config.WAYPOST_BASE_URL).toBeNull();
  expect(sources.WAYPOST_PORT.from).toBe("default");
});

describe("secrets from files", () => {
  const key = "k".repeat(40);

  test("NAME_FILE gives the file's text without the newline at its end", () => {
    const { config, sources } = load({ WAYPOST_SETUP_KEY_FILE: "/run/secrets/key" }, () => `${key}\n`);
    expect(config.WAYPOST_SETUP_KEY).toBe(key);
    expect(sources.WAYPOST_SETUP_KEY.from).toBe("file /run/secrets/key");
  });

  test("a file that cannot be read is named", () => {
    expect(mistakesOf({ WAYPOST_SETUP_KEY_FILE: "/gone" }).join()).toContain(
      "WAYPOST_SETUP_KEY: cannot read /gone",
    );
  });

  test("both the name and its file are one too many", () => {
    const env = { WAYPOST_SETUP_KEY: key, WAYPOST_SETUP_KEY_FILE: "/run/secrets/key" };
    expect(mistakesOf(env, () => key).join()).toContain("not both");
  });

  test("what is no secret has no file", () => {
    expect(mistakesOf({ WAYPOST_PORT_FILE: "/port" }).join()).toContain(
      "only secrets can be read from a file",
    );
  });
});

describe("units", () => {
  test.each([
    ["10ms", 10],
    ["30s", 30_000],
    ["5m", 300_000],
    ["24h", 86_400_000],
    ["30d", 2_592_000_000],
  ])("%s", (text, ms) => {
    expect(load({ WAYPOST_REQUEST_TIMEOUT: text }).config.WAYPOST_REQUEST_TIMEOUT).toBe(ms);
  });

  test.each([
    ["64kB", 64_000],
    ["200MB", 200_000_000],
    ["1MiB", 1_048_576],
  ])("%s", (text, bytes) => {
    expect(load({ WAYPOST_BODY_LIMIT: text }).config.WAYPOST_BODY_LIMIT).toBe(bytes);
  });
});

describe("the base URL", () => {
  test.each(["https://links.example.com", "http://localhost:8080", "https://links.example.com/"])(
    "%s is one",
    (url) => {
      expect(load({ WAYPOST_BASE_URL: url }).config.WAYPOST_BASE_URL).toBe(new URL(url).origin);
    },
  );
  test.each(["links.example.com", "https://links.example.com/admin", "ftp://x", "https://a@b"])(
    "%s is none",
    (url) => {
      expect(mistakesOf({ WAYPOST_BASE_URL: url })).toHaveLength(1);
    },
  );
});

test("trusted proxies are networks, and the one that is none is named", () => {
  const { config } = load({ WAYPOST_TRUSTED_PROXIES: "127.0.0.1, 10.0.0.0/8,fd00::/8" });
  expect(config.WAYPOST_TRUSTED_PROXIES).toEqual(["127.0.0.1", "10.0.0.0/8", "fd00::/8"]);
  expect(mistakesOf({ WAYPOST_TRUSTED_PROXIES: "10.0.0.0/8,proxy" }).join()).toContain('"proxy"');
});

test("a parsed configuration cannot be changed", () => {
  expect(Object.isFrozen(load({}).config)).toBe(true);
});

test("what is opened inside is a list of networks and hosts, and each mistake in it is named", () => {
  const { config } = load({ WAYPOST_OUTBOUND_ALLOW: "10.1.0.0/16, hooks.internal:9000,[fd00::1]:80" });
  expect(config.WAYPOST_OUTBOUND_ALLOW).toEqual(["10.1.0.0/16", "hooks.internal:9000", "[fd00::1]:80"]);
  expect(
    mistakesOf({ WAYPOST_OUTBOUND_ALLOW: "10.1.0.0/16,http://x", WAYPOST_OUTBOUND_DENY: "example.com" }),
  ).toEqual([
    'WAYPOST_OUTBOUND_ALLOW: expected networks or hosts such as 10.1.0.0/16 or hooks.internal:9000; "http://x" is none',
    'WAYPOST_OUTBOUND_DENY: expected networks such as 10.0.0.0/8; "example.com" is none',
  ]);
});
