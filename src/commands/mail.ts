import type { Mail, MailItem } from "../features/mail/model.ts";
import { apiOptions, askApi, table } from "./api-call.ts";
import type { Call, Command } from "./command.ts";
import { columns } from "./help.ts";

const json = { json: apiOptions["json"]! };

export const mailListCommand: Command = {
  name: "mail list",
  about: "Lists the outbox and what became of each mail, newest first.",
  words: [0, 0],
  options: {
    status: { value: "STATUS", about: "waiting, queued, sent, failed, suppressed or expired." },
    to: { value: "EMAIL", about: "Only mail to this address." },
    limit: { value: "N", about: "How many, 20 when left out, 100 at most." },
    ...json,
  },
  run: (call) =>
    askApi(
      call,
      (ask) => ask<MailItem[]>("GET", `/mail${queryOf(call)}`),
      (mails) => (mails.length === 0 ? "No mail." : table([HEAD, ...mails.map(row)])),
    ),
};

const HEAD = ["ID", "STATUS", "TO", "SUBJECT", "CREATED"];
const row = ({ id, status, to, subject, createdAt }: MailItem): string[] => [
  id,
  status,
  to,
  subject,
  createdAt,
];

function queryOf(call: Call): string {
  const query = new URLSearchParams();
  for (const name of ["status", "to", "limit"]) {
    const text = call.text(name);
    if (text !== undefined) query.set(name, text);
  }
  return query.size === 0 ? "" : `?${query}`;
}

export const mailShowCommand: Command = {
  name: "mail show",
  about: "Shows one mail: what the mail server said, and what it says while no server is set.",
  takes: "<mail>",
  words: [1, 1],
  options: json,
  run: (call) =>
    askApi(call, (ask) => ask<Mail>("GET", `/mail/${encodeURIComponent(call.words[0]!)}`), shown),
};

const shown = ({ log, body, ...facts }: Mail): string =>
  [
    ...columns(Object.entries(facts).map(([name, value]) => [name, String(value ?? "")] as const)),
    ...log.map(({ at, accepted, message }) => `${at}  ${accepted ? "accepted" : "refused"}  ${message}`),
    ...(body === null ? [] : ["", body.text]),
  ].join("\n");

export const mailResendCommand: Command = {
  name: "mail resend",
  about: "Sends a mail once more.",
  takes: "<mail>",
  words: [1, 1],
  options: json,
  run: (call) =>
    askApi(
      call,
      (ask) => ask<Mail>("POST", `/mail/${encodeURIComponent(call.words[0]!)}/resend`),
      ({ id }) => `${id} is queued.`,
    ),
};

export const mailTestCommand: Command = {
  name: "mail test",
  about: "Sends a test mail.",
  takes: "<email>",
  words: [1, 1],
  options: json,
  run: (call) =>
    askApi(
      call,
      (ask) => ask<Mail>("POST", "/mail/test", { to: call.words[0] }),
      ({ id, status }) =>
        status === "waiting"
          ? `No mail server is set (WAYPOST_SMTP_URL): the mail waits in the outbox. waypost mail show ${id}`
          : `${id} is queued. What the mail server says to it: waypost mail show ${id}`,
    ),
};
