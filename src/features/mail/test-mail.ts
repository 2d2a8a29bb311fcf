import { languageOf, type MailType, momentFor } from "../../platform/mail/letter.ts";

/** Shows the operator that mail works. */
export const testMail: MailType<{ readonly at: number; readonly baseUrl: string | null }> = {
  name: "mail.test",
  topic: null,
  write({ at, baseUrl }, reader) {
    const words = texts[languageOf(reader)];
    return {
      subject: words.subject,
      preview: words.preview,
      parts: [
        { kind: "text", text: words.text },
        {
          kind: "facts",
          facts: [
            [words.asked, momentFor(reader, at)],
            [words.to, reader.email],
          ],
        },
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
    subject: "Mail works",
    preview: "Your mail server has taken this message.",
    text: "This is the test you asked for. Your mail server has taken it, and it has reached you.",
    asked: "Asked for",
    to: "Sent to",
    open: "Open the admin page",
    note: "Look where it arrived: if it is among the unwanted mail, set up SPF and DKIM for the sender's domain.",
    reason: "You receive this because a test was sent to this address.",
  },
  de: {
    subject: "E-Mail funktioniert",
    preview: "Ihr Mailserver hat diese Nachricht angenommen.",
    text: "Dies ist der gewünschte Test. Ihr Mailserver hat ihn angenommen, und er ist angekommen.",
    asked: "Angefordert",
    to: "Gesendet an",
    open: "Verwaltung öffnen",
    note: "Sehen Sie nach, wo die Nachricht liegt: Ist sie im Spam, richten Sie SPF und DKIM für die Domain des Absenders ein.",
    reason: "Sie erhalten diese Nachricht, weil ein Test an diese Adresse gesendet wurde.",
  },
} as const;
