import { languageOf, type MailType, momentFor } from "../../platform/mail/letter.ts";

/** Asks somebody into a workspace. `url` holds the token. */
export const inviteMail: MailType<{
  readonly workspace: string;
  readonly role: string;
  /** Whether the role is one of the four that every workspace has, which are translated. */
  readonly isBuiltIn: boolean;
  /** The address of whoever invites; null for a program. */
  readonly from: string | null;
  readonly expiresAt: number;
  readonly url: string;
}> = {
  name: "invites.invite",
  topic: null,
  write({ workspace, role, isBuiltIn, from, expiresAt, url }, reader) {
    const words = texts[languageOf(reader)];
    const roleName = isBuiltIn ? words.roles[role as keyof typeof words.roles] : role;
    return {
      subject: words.subject(workspace),
      preview: words.preview,
      parts: [
        { kind: "text", text: from === null ? words.asked(workspace) : words.askedBy(from, workspace) },
        {
          kind: "facts",
          facts: [
            [words.role, roleName],
            [words.until, momentFor(reader, expiresAt)],
          ],
        },
        { kind: "button", label: words.accept, url },
        { kind: "note", text: words.note(reader.email) },
      ],
      reason: words.reason,
    };
  },
};

const texts = {
  en: {
    subject: (name: string) => `Invitation to ${name}`,
    preview: "Accept it within seven days.",
    askedBy: (from: string, name: string) => `${from} invites you to the workspace ${name}.`,
    asked: (name: string) => `You are invited to the workspace ${name}.`,
    role: "Your role",
    until: "Good until",
    accept: "Accept the invitation",
    note: (email: string) =>
      `It is for ${email} alone. If you do not know who invites you, do nothing: without you nothing happens.`,
    reason: "You receive this because you were invited to a workspace.",
    roles: { owner: "Owner", admin: "Admin", editor: "Editor", viewer: "Viewer" },
  },
  de: {
    subject: (name: string) => `Einladung zu ${name}`,
    preview: "Nehmen Sie sie innerhalb von sieben Tagen an.",
    askedBy: (from: string, name: string) => `${from} lädt Sie in den Arbeitsbereich ${name} ein.`,
    asked: (name: string) => `Sie sind in den Arbeitsbereich ${name} eingeladen.`,
    role: "Ihre Rolle",
    until: "Gültig bis",
    accept: "Einladung annehmen",
    note: (email: string) =>
      `Sie gilt nur für ${email}. Wenn Sie nicht wissen, wer Sie einlädt, tun Sie nichts: Ohne Sie geschieht nichts.`,
    reason: "Sie erhalten diese Nachricht, weil Sie in einen Arbeitsbereich eingeladen wurden.",
    roles: { owner: "Inhaber", admin: "Admin", editor: "Bearbeiter", viewer: "Betrachter" },
  },
} as const;
