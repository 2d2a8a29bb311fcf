import { languageOf, type MailType, momentFor } from "../../platform/mail/letter.ts";

/** Tells every owner that a workspace was deleted, and until when that can be undone. */
export const deletedMail: MailType<{
  readonly workspace: string;
  readonly purgeAt: number;
  readonly baseUrl: string | null;
}> = {
  name: "workspaces.deleted",
  topic: null,
  write({ workspace, purgeAt, baseUrl }, reader) {
    const words = texts[languageOf(reader)];
    return {
      subject: words.subject(workspace),
      preview: words.preview,
      parts: [
        { kind: "text", text: words.text(workspace) },
        { kind: "facts", facts: [[words.until, momentFor(reader, purgeAt)]] },
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
    subject: (name: string) => `${name} was deleted`,
    preview: "It can be restored for some time.",
    text: (name: string) =>
      `The workspace ${name} was deleted. Its links lead nowhere and its keys open nothing. After the time below it is destroyed with all its links, clicks and domains.`,
    until: "Can be restored until",
    open: "Open Waypost",
    note: "If this was not meant, restore it and look who owns the workspace.",
    reason: "You receive this because you own this workspace.",
  },
  de: {
    subject: (name: string) => `${name} wurde gelöscht`,
    preview: "Es lässt sich noch einige Zeit wiederherstellen.",
    text: (name: string) =>
      `Der Arbeitsbereich ${name} wurde gelöscht. Seine Links führen nirgends mehr hin, seine Schlüssel öffnen nichts. Nach dem Zeitpunkt unten wird er mit allen Links, Klicks und Domains vernichtet.`,
    until: "Wiederherstellbar bis",
    open: "Waypost öffnen",
    note: "War das nicht gewollt, stellen Sie ihn wieder her und sehen Sie nach, wem der Arbeitsbereich gehört.",
    reason: "Sie erhalten diese Nachricht, weil Ihnen dieser Arbeitsbereich gehört.",
  },
} as const;
