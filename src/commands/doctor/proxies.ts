import { isLoopbackHost } from "../../lib/url.ts";
import { type Finding, ok, type Patient, warn } from "./finding.ts";

/** Whose X-Forwarded-For is believed: too few, and all visitors are the proxy; too many, and anyone is anyone. */
export const checkProxies = (patient: Patient): Finding[] => [
  checkTrusted(patient),
  ...checkOutbound(patient),
];

function checkTrusted({ config }: Patient): Finding {
  const { WAYPOST_TRUSTED_PROXIES: trusted, WAYPOST_BASE_URL: base, WAYPOST_HOST: host } = config;
  const everybody = trusted.filter((network) => /\/0$/.test(network));
  if (everybody.length > 0)
    return warn(
      "trusted proxies",
      `${everybody.join(", ")} means everybody: any visitor may claim any address.`,
      "Set WAYPOST_TRUSTED_PROXIES to the addresses of the proxy alone.",
    );
  if (trusted.length > 0) return ok("trusted proxies", trusted.join(", "));
  // TLS is spoken by something in front of us, so there is a proxy, and it is not believed.
  if (base?.startsWith("https:") && !isLoopbackHost(new URL(base).hostname))
    return warn(
      "trusted proxies",
      "The base URL is https, so a proxy stands in front, but none is trusted: every visitor has its address.",
      `Set WAYPOST_TRUSTED_PROXIES to its address${isLoopbackHost(host) ? ", such as 127.0.0.1" : ""}.`,
    );
  return ok("trusted proxies", "None: visitors connect directly.");
}

function checkOutbound({ config, env }: Patient): Finding[] {
  const everywhere = config.WAYPOST_OUTBOUND_ALLOW.filter((network) => /\/0$/.test(network));
  const names = ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"].filter(
    (name) => env[name],
  );
  return [
    ...(everywhere.length === 0
      ? []
      : [
          warn(
            "outbound requests",
            `${everywhere.join(", ")} opens all of your network to whoever has a workspace.`,
            "Set WAYPOST_OUTBOUND_ALLOW to the receivers that are meant, and no more.",
          ),
        ]),
    ...(names.length === 0
      ? []
      : [
          warn(
            "outbound proxy",
            `${names.join(", ")} is set, and not used: this server connects to others directly.`,
            "Let it connect outwards, to port 443 at least, and unset the variable.",
          ),
        ]),
  ];
}
