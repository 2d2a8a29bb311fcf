import { isLoopbackHost } from "../../lib/url.ts";
import { openTransport } from "../../platform/mail/transport.ts";
import { type Finding, fail, ok, type Patient, warn } from "./finding.ts";

/** Connects to the mail server and signs in, as sending does. */
export async function checkMail({ config }: Patient): Promise<Finding[]> {
  if (config.WAYPOST_SMTP_URL === null)
    return [ok("mail", 'No mail server is set: mail stays in the outbox ("waypost mail list").')];
  const { protocol, hostname, host } = new URL(config.WAYPOST_SMTP_URL);
  try {
    await openTransport({ config, baseUrl: () => config.WAYPOST_BASE_URL }).verify();
  } catch (error) {
    return [
      fail(
        "mail",
        `${host} cannot be used: ${(error as Error).message}`,
        'Mend the settings, restart, and try "waypost mail test <email>".',
      ),
    ];
  }
  if (protocol === "smtp:" && config.WAYPOST_SMTP_TLS !== "required" && !isLoopbackHost(hostname))
    return [
      warn(
        "mail",
        `${host} takes mail; codes and passwords may travel to it unencrypted.`,
        "Set WAYPOST_SMTP_TLS=required if the server offers STARTTLS.",
      ),
    ];
  return [ok("mail", `${host} takes mail.`)];
}
