import {
  languageOf,
  type MailType,
  momentFor,
  type Part,
  type Reader,
  type Texts,
} from "../../platform/mail/letter.ts";

/** Where something was done from, for the reader to tell whether it was them. */
export interface Whence {
  readonly at: number;
  readonly network: string | null;
  readonly userAgent: string | null;
}

const from: Texts = { en: "From", de: "Von" };
const when: Texts = { en: "When", de: "Wann" };
const program: Texts = { en: "Program", de: "Programm" };

function facts(reader: Reader, { at, network, userAgent }: Whence): Part {
  const language = languageOf(reader);
  return {
    kind: "facts",
    facts: [
      [when[language], momentFor(reader, at)],
      ...(network === null ? [] : [[from[language], network] as const]),
      ...(userAgent === null ? [] : [[program[language], userAgent] as const]),
    ],
  };
}

interface Words {
  readonly subject: string;
  readonly text: string;
  readonly note: string;
  readonly reason: string;
}

/** Eight digits as they are read: in two groups. */
const grouped = (code: string): string => `${code.slice(0, 4)} ${code.slice(4)}`;

interface CodeProps extends Whence {
  readonly code: string;
}

const codeLetter = (
  name: string,
  texts: { readonly en: Words; readonly de: Words },
): MailType<CodeProps> => ({
  name,
  topic: null,
  write({ code, ...whence }, reader) {
    const words = texts[languageOf(reader)];
    return {
      subject: words.subject,
      // The code stays out of the line that locked screens show.
      preview: words.text,
      parts: [
        { kind: "text", text: words.text },
        { kind: "code", code: grouped(code) },
        facts(reader, whence),
        { kind: "note", text: words.note },
      ],
      reason: words.reason,
    };
  },
});

export const signInCodeMail = codeLetter("identity.sign-in-code", {
  en: {
    subject: "Your sign-in code",
    text: "Type this code where you asked for it. It is good for ten minutes, and once.",
    note: "Nobody of ours asks you for it. If you did not want to sign in, you need not do anything.",
    reason: "You receive this because somebody asked to sign in with this address.",
  },
  de: {
    subject: "Ihr Anmeldecode",
    text: "Geben Sie diesen Code dort ein, wo Sie ihn angefordert haben. Er gilt zehn Minuten und einmal.",
    note: "Niemand von uns fragt Sie danach. Wollten Sie sich nicht anmelden, brauchen Sie nichts zu tun.",
    reason: "Sie erhalten diese Nachricht, weil jemand sich mit dieser Adresse anmelden wollte.",
  },
});

export const confirmCodeMail = codeLetter("identity.confirm-code", {
  en: {
    subject: "Confirm that it is you",
    text: "You are about to do something that needs a second look. Type this code to go on. It is good for ten minutes.",
    note: "If this was not you, somebody is signed in as you: end your sessions and change your password.",
    reason: "You receive this because your account asked for it.",
  },
  de: {
    subject: "Bestätigen Sie, dass Sie es sind",
    text: "Was Sie tun wollen, verlangt eine Bestätigung. Geben Sie dazu diesen Code ein. Er gilt zehn Minuten.",
    note: "Waren Sie es nicht, ist jemand unter Ihrem Namen angemeldet: Beenden Sie Ihre Sitzungen und ändern Sie Ihr Passwort.",
    reason: "Sie erhalten diese Nachricht, weil Ihr Konto sie angefordert hat.",
  },
});

interface LinkProps extends Whence {
  readonly url: string;
}
interface LinkWords extends Words {
  readonly label: string;
}

const linkLetter = (
  name: string,
  texts: { readonly en: LinkWords; readonly de: LinkWords },
): MailType<LinkProps> => ({
  name,
  topic: null,
  write({ url, ...whence }, reader) {
    const words = texts[languageOf(reader)];
    return {
      subject: words.subject,
      preview: words.text,
      parts: [
        { kind: "text", text: words.text },
        { kind: "button", label: words.label, url },
        facts(reader, whence),
        { kind: "note", text: words.note },
      ],
      reason: words.reason,
    };
  },
});

export const verifyEmailMail = linkLetter("identity.verify-email", {
  en: {
    subject: "Confirm your address",
    text: "One step is left: open the link, type the password you chose, and your account is ready. The link is good for a day.",
    label: "Confirm address",
    note: "If you did not sign up, leave it: without the link there will be no account.",
    reason: "You receive this because somebody signed up with this address.",
  },
  de: {
    subject: "Bestätigen Sie Ihre Adresse",
    text: "Ein Schritt fehlt: Öffnen Sie den Link, geben Sie das gewählte Passwort ein, und Ihr Konto ist bereit. Der Link gilt einen Tag.",
    label: "Adresse bestätigen",
    note: "Haben Sie sich nicht registriert, tun Sie nichts: Ohne den Link entsteht kein Konto.",
    reason: "Sie erhalten diese Nachricht, weil sich jemand mit dieser Adresse registriert hat.",
  },
});

export const accountExistsMail = linkLetter("identity.account-exists", {
  en: {
    subject: "You have an account already",
    text: "Somebody signed up with your address, and it has an account already. If it was you: sign in, or choose a new password there.",
    label: "Sign in",
    note: "If it was not you, nothing has changed and you need not do anything.",
    reason: "You receive this because somebody signed up with this address.",
  },
  de: {
    subject: "Sie haben bereits ein Konto",
    text: "Jemand hat sich mit Ihrer Adresse registriert, zu der es schon ein Konto gibt. Waren Sie es: Melden Sie sich an oder wählen Sie dort ein neues Passwort.",
    label: "Anmelden",
    note: "Waren Sie es nicht, hat sich nichts geändert, und Sie brauchen nichts zu tun.",
    reason: "Sie erhalten diese Nachricht, weil sich jemand mit dieser Adresse registriert hat.",
  },
});

export const resetPasswordMail = linkLetter("identity.reset-password", {
  en: {
    subject: "Choose a new password",
    text: "With this link you choose a new password. It is good for half an hour, and once.",
    label: "Choose a password",
    note: "If you did not ask for it, leave it: your password stays as it is.",
    reason: "You receive this because somebody asked for a new password for this address.",
  },
  de: {
    subject: "Wählen Sie ein neues Passwort",
    text: "Mit diesem Link wählen Sie ein neues Passwort. Er gilt eine halbe Stunde und einmal.",
    label: "Passwort wählen",
    note: "Haben Sie nicht darum gebeten, tun Sie nichts: Ihr Passwort bleibt, wie es ist.",
    reason: "Sie erhalten diese Nachricht, weil jemand für diese Adresse ein neues Passwort angefordert hat.",
  },
});

interface EmailProps extends LinkProps {
  readonly oldEmail: string;
  readonly newEmail: string;
}

/** Goes to both addresses: the account moves when both have said yes. */
export const changeEmailMail: MailType<EmailProps> = {
  name: "identity.change-email",
  topic: null,
  write({ url, oldEmail, newEmail, ...whence }, reader) {
    const words = changeEmailTexts[languageOf(reader)];
    return {
      subject: words.subject,
      preview: words.text,
      parts: [
        { kind: "text", text: words.text },
        {
          kind: "facts",
          facts: [
            [words.old, oldEmail],
            [words.new, newEmail],
          ],
        },
        { kind: "button", label: words.label, url },
        facts(reader, whence),
        { kind: "note", text: words.note },
      ],
      reason: words.reason,
    };
  },
};

const changeEmailTexts = {
  en: {
    subject: "Confirm the change of address",
    text: "Your account is to have another address. Both addresses confirm it, each by its own link, within an hour.",
    label: "Confirm",
    old: "Until now",
    new: "From now on",
    note: "If this was not you, do not confirm: end your sessions and change your password.",
    reason: "You receive this because the address of an account is to be changed.",
  },
  de: {
    subject: "Bestätigen Sie die neue Adresse",
    text: "Ihr Konto soll eine andere Adresse bekommen. Beide Adressen bestätigen das, jede mit ihrem Link, binnen einer Stunde.",
    label: "Bestätigen",
    old: "Bisher",
    new: "Künftig",
    note: "Waren Sie es nicht, bestätigen Sie nicht: Beenden Sie Ihre Sitzungen und ändern Sie Ihr Passwort.",
    reason: "Sie erhalten diese Nachricht, weil die Adresse eines Kontos geändert werden soll.",
  },
} as const;
