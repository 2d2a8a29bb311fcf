import { languageOf, type MailType, momentFor } from "../../platform/mail/letter.ts";

/** Tells a member that a workspace is to become theirs. */
export const transferMail: MailType<{
  readonly workspace: string;
  readonly from: string;
  readonly expiresAt: number;
  readonly baseUrl: string | null;
}> = {
  name: "members.transfer",
  topic: null,
  write({ workspace, from, expiresAt, baseUrl }, reader) {
    const words = texts[languageOf(reader)];
    return {
      subject: words.subject(workspace),
      preview: words.preview,
      parts: [
        { kind: "text", text: words.text(from, workspace) },
        { kind: "facts", facts: [[words.until, momentFor(reader, expiresAt)]] },
        ...(baseUrl === null
          ? []
          : [{ kind: "button", label: words.open, url: `${baseUrl}/admin` } as const]),
        { kind: "note", text: words.note },
      ],
      reason: words.reason,
    };
  },
};

const texts = {
  en: {
    subject: (name: string) => `Will you own ${name}?`,
    preview: "The workspace is offered to you.",
    text: (from: string, name: string) =>
      `${from} wants to hand the workspace ${name} over to you. If you accept, you own it, and ${from} becomes an admin.`,
    until: "Can be accepted until",
    open: "Open Waypost",
    note: "If you do nothing, nothing changes.",
    reason: "You receive this because you are a member of this workspace.",
  },
  de: {
    subject: (name: string) => `Möchten Sie ${name} übernehmen?`,
    preview: "Der Arbeitsbereich wird Ihnen angeboten.",
    text: (from: string, name: string) =>
      `${from} möchte Ihnen den Arbeitsbereich ${name} übergeben. Nehmen Sie an, gehört er Ihnen, und ${from} wird Admin.`,
    until: "Annehmbar bis",
    open: "Waypost öffnen",
    note: "Wenn Sie nichts tun, ändert sich nichts.",
    reason: "Sie erhalten diese Nachricht, weil Sie Mitglied dieses Arbeitsbereichs sind.",
  },
} as const;
