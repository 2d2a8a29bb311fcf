import { createTransport, type NodemailerError, type SendMailOptions } from "nodemailer";
import type { Config } from "../../config.ts";
import { type Mailbox, parseMailbox } from "../../lib/mailbox.ts";

/** A mail as it goes out. */
export interface Outgoing {
  readonly to: Mailbox;
  readonly fromName: string;
  readonly subject: string;
  readonly html: string;
  readonly text: string;
  /** The same for every attempt, so that a mail that came twice can be told. Without angle brackets. */
  readonly messageId: string;
  /** For what can be unsubscribed (RFC 8058). */
  readonly unsubscribeUrl: string | null;
}

/** The way to the operator's mail server. */
export interface MailTransport {
  /** False without settings: mails then wait in the outbox for the operator to read them. */
  readonly configured: boolean;
  /** Answers the server's words. @throws MailFailure */
  send(mail: Outgoing, signal: AbortSignal): Promise<string>;
  /** Connects and signs in. @throws MailFailure */
  verify(): Promise<void>;
}

/**
 * `later`: the server, or the way to it, is not in order; the mail is. `refused`: this mail will never be taken.
 * `bounced`: nobody is behind the address.
 */
export type FailureKind = "later" | "refused" | "bounced";

/** Why a mail was not taken, in the server's own words where it said any. */
export class MailFailure extends Error {
  override readonly name = "MailFailure";
  readonly kind: FailureKind;
  constructor(kind: FailureKind, message: string, cause?: unknown) {
    super(message, { cause });
    this.kind = kind;
  }
}

export interface TransportOptions {
  readonly config: Pick<
    Config,
    | "WAYPOST_SMTP_URL"
    | "WAYPOST_SMTP_TLS"
    | "WAYPOST_MAIL_FROM"
    | "WAYPOST_MAIL_REPLY_TO"
    | "WAYPOST_DKIM_KEY"
    | "WAYPOST_DKIM_SELECTOR"
  >;
  baseUrl(): string | null;
  /** Certificates to trust beside the system's, in PEM; tests bring their own. */
  readonly ca?: string | undefined;
}

const CONNECT_MS = 10_000;
const SILENCE_MS = 30_000;
const WORDS_MAX = 500;

/** One connection a mail: few are sent, and one server that hangs holds up nothing but its own. */
export function openTransport({ config, baseUrl, ca }: TransportOptions): MailTransport {
  const url = config.WAYPOST_SMTP_URL === null ? null : new URL(config.WAYPOST_SMTP_URL);
  if (url === null)
    return {
      configured: false,
      send: async () => {
        throw new MailFailure("later", "No mail server is set: WAYPOST_SMTP_URL.");
      },
      verify: async () => {},
    };

  const secure = url.protocol === "smtps:";
  const options = {
    host: url.hostname.replace(/^\[|\]$/g, ""),
    port: Number(url.port || (secure ? 465 : 587)),
    secure,
    requireTLS: !secure && config.WAYPOST_SMTP_TLS === "required",
    ignoreTLS: !secure && config.WAYPOST_SMTP_TLS === "off",
    ...(url.username === ""
      ? {}
      : { auth: { user: decodeURIComponent(url.username), pass: decodeURIComponent(url.password) } }),
    connectionTimeout: CONNECT_MS,
    greetingTimeout: CONNECT_MS,
    dnsTimeout: CONNECT_MS,
    socketTimeout: SILENCE_MS,
    disableFileAccess: true,
    disableUrlAccess: true,
    ...(ca === undefined ? {} : { tls: { ca } }),
  };

  const sender = (): Mailbox => {
    const set = config.WAYPOST_MAIL_FROM;
    if (set !== null) return parseMailbox(set)!;
    const host = new URL(baseUrl() ?? "http://localhost").hostname;
    return { name: "", address: `waypost@${host}` };
  };

  function message(mail: Outgoing, from: Mailbox): SendMailOptions {
    const domain = from.address.slice(from.address.lastIndexOf("@") + 1);
    const headers: Record<string, string> = {
      "Auto-Submitted": "auto-generated",
      "X-Auto-Response-Suppress": "All",
    };
    if (mail.unsubscribeUrl !== null) {
      headers["List-Unsubscribe"] = `<${mail.unsubscribeUrl}>`;
      headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click";
    }
    return {
      from: { name: from.name || mail.fromName, address: from.address },
      to: mail.to,
      ...(config.WAYPOST_MAIL_REPLY_TO === null
        ? {}
        : { replyTo: parseMailbox(config.WAYPOST_MAIL_REPLY_TO)! }),
      subject: mail.subject,
      html: mail.html,
      text: mail.text,
      messageId: `<${mail.messageId}@${domain}>`,
      headers,
      ...(config.WAYPOST_DKIM_KEY === null
        ? {}
        : {
            dkim: {
              domainName: domain,
              keySelector: config.WAYPOST_DKIM_SELECTOR,
              privateKey: config.WAYPOST_DKIM_KEY,
            },
          }),
    };
  }

  return {
    configured: true,
    async send(mail, signal) {
      const transport = createTransport(options);
      try {
        const { response } = await transport.sendMail({ ...message(mail, sender()), signal });
        return words(response);
      } catch (error) {
        signal.throwIfAborted();
        throw failureOf(error as NodemailerError);
      } finally {
        transport.close();
      }
    },
    async verify() {
      const transport = createTransport(options);
      try {
        await transport.verify();
      } catch (error) {
        throw failureOf(error as NodemailerError);
      } finally {
        transport.close();
      }
    },
  };
}

/**
 * RFC 5321, 4.2.1: 4yz is worth trying again, 5yz is not. But a 5yz before the recipient is named (a wrong password,
 * a sender the server does not send for) speaks of our settings, which the operator can mend.
 */
function failureOf(error: NodemailerError): MailFailure {
  const { responseCode = 0, command = "", code = "" } = error;
  const told = words(error.response ?? error.message);
  if (responseCode < 500 || !["RCPT TO", "DATA", "API"].includes(command))
    return new MailFailure("later", told + adviceFor(code, told), error);
  // 5.1.x of RFC 3463 speaks of the address; a bare 550, 551 or 553 at RCPT does too.
  const isAddress = command === "RCPT TO" && (/\b5\.1\.\d/.test(told) || /^55[013]\b/.test(told));
  return new MailFailure(isAddress ? "bounced" : "refused", told, error);
}

function adviceFor(code: string, told: string): string {
  if (code === "EAUTH") return " (Check user and password in WAYPOST_SMTP_URL.)";
  if (code === "ETLS" || /STARTTLS/i.test(told))
    return " (WAYPOST_SMTP_TLS=optional sends without TLS where the server offers none: only on a network you trust.)";
  if (code === "EDNS" || code === "ECONNECTION" || code === "ESOCKET")
    return " (Check host and port in WAYPOST_SMTP_URL.)";
  return "";
}

const words = (text: string): string => text.replace(/\s+/g, " ").trim().slice(0, WORDS_MAX);
