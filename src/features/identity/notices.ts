import { eq } from "drizzle-orm";
import type { Context } from "../../platform/context.ts";
import type { Change } from "../../platform/events.ts";
import { languageOf, type MailType, momentFor, type Reader } from "../../platform/mail/letter.ts";
import { queueMail } from "../../platform/mail/queue.ts";
import type { Whence } from "./letters.ts";
import { type UserRow, userById } from "./store.ts";

interface Words {
  readonly subject: string;
  readonly text: string;
}

/** What is told to whoever owns the account, without their asking: nobody can do these things behind their back. */
const notices = {
  newSignIn: {
    en: {
      subject: "A new sign-in",
      text: "Somebody signed in to your account on a device that was not seen before.",
    },
    de: {
      subject: "Eine neue Anmeldung",
      text: "Jemand hat sich mit einem bisher unbekannten Gerät bei Ihrem Konto angemeldet.",
    },
  },
  refreshReused: {
    en: {
      subject: "A session was ended",
      text: "A copy of the secrets of one of your sessions was used, so we ended that session. Sign in again.",
    },
    de: {
      subject: "Eine Sitzung wurde beendet",
      text: "Eine Kopie der Geheimnisse einer Ihrer Sitzungen wurde benutzt; wir haben die Sitzung deshalb beendet. Melden Sie sich neu an.",
    },
  },
  passwordChanged: {
    en: {
      subject: "Your password was changed",
      text: "Your account has a new password, and the other sessions have ended. Look through your passkeys and tokens too: a passkey that is not yours still opens the account.",
    },
    de: {
      subject: "Ihr Passwort wurde geändert",
      text: "Ihr Konto hat ein neues Passwort; die anderen Sitzungen sind beendet. Sehen Sie auch Ihre Passkeys und Tokens durch: Ein fremder Passkey öffnet das Konto weiterhin.",
    },
  },
  emailChanged: {
    en: {
      subject: "Your address was changed",
      text: "Your account has another address now, and all sessions have ended.",
    },
    de: {
      subject: "Ihre Adresse wurde geändert",
      text: "Ihr Konto hat nun eine andere Adresse; alle Sitzungen sind beendet.",
    },
  },
  totpEnabled: {
    en: {
      subject: "Second factor switched on",
      text: "From now on your account asks for a code of your authenticator app.",
    },
    de: {
      subject: "Zweiter Faktor eingeschaltet",
      text: "Ab jetzt verlangt Ihr Konto einen Code Ihrer Authentifizierungs-App.",
    },
  },
  totpDisabled: {
    en: {
      subject: "Second factor switched off",
      text: "Your account asks for no code of an authenticator app any more.",
    },
    de: {
      subject: "Zweiter Faktor ausgeschaltet",
      text: "Ihr Konto verlangt keinen Code einer Authentifizierungs-App mehr.",
    },
  },
  recoveryCodeUsed: {
    en: {
      subject: "A recovery code was used",
      text: "Somebody signed in with one of your recovery codes. It is good no more.",
    },
    de: {
      subject: "Ein Wiederherstellungscode wurde benutzt",
      text: "Jemand hat sich mit einem Ihrer Wiederherstellungscodes angemeldet. Er gilt nicht mehr.",
    },
  },
  recoveryCodesMade: {
    en: {
      subject: "New recovery codes",
      text: "Your account has new recovery codes. The ones before are good no more.",
    },
    de: {
      subject: "Neue Wiederherstellungscodes",
      text: "Ihr Konto hat neue Wiederherstellungscodes. Die bisherigen gelten nicht mehr.",
    },
  },
  passkeyAdded: {
    en: {
      subject: "A passkey was added",
      text: "A passkey was added to your account. It opens it without a password.",
    },
    de: {
      subject: "Ein Passkey wurde hinzugefügt",
      text: "Ihrem Konto wurde ein Passkey hinzugefügt. Er öffnet es ohne Passwort.",
    },
  },
  passkeyRemoved: {
    en: {
      subject: "A passkey was removed",
      text: "A passkey was removed from your account and opens it no more.",
    },
    de: {
      subject: "Ein Passkey wurde entfernt",
      text: "Ein Passkey wurde aus Ihrem Konto entfernt und öffnet es nicht mehr.",
    },
  },
  tokenMade: {
    en: {
      subject: "A personal token was made",
      text: "A personal token of your account was made or given a new secret. It acts as you until it ends.",
    },
    de: {
      subject: "Ein persönliches Token wurde angelegt",
      text: "Ein persönliches Token Ihres Kontos wurde angelegt oder hat ein neues Geheimnis. Es handelt in Ihrem Namen, bis es endet.",
    },
  },
  keyMade: {
    en: {
      subject: "A key was made in your name",
      text: "A key of a workspace or of the installation was made, or given a new secret, with your account.",
    },
    de: {
      subject: "Ein Schlüssel wurde in Ihrem Namen angelegt",
      text: "Mit Ihrem Konto wurde ein Schlüssel eines Arbeitsbereichs oder der Installation angelegt oder mit neuem Geheimnis versehen.",
    },
  },
  accountDeleted: {
    en: { subject: "Your account was deleted", text: "Your account and what belonged to it alone are gone." },
    de: { subject: "Ihr Konto wurde gelöscht", text: "Ihr Konto und was ihm allein gehörte, ist gelöscht." },
  },
} as const satisfies Record<string, { readonly en: Words; readonly de: Words }>;
export type Notice = keyof typeof notices;

const common = {
  en: {
    note: 'If this was not you: choose a new password with "Forgot your password?" where you sign in, and end your other sessions.',
    reason: "You receive this because it concerns the safety of your account.",
    when: "When",
    from: "From",
    program: "Program",
  },
  de: {
    note: "Waren Sie es nicht: Wählen Sie über „Passwort vergessen?“ bei der Anmeldung ein neues Passwort und beenden Sie Ihre anderen Sitzungen.",
    reason: "Sie erhalten diese Nachricht, weil sie die Sicherheit Ihres Kontos betrifft.",
    when: "Wann",
    from: "Von",
    program: "Programm",
  },
} as const;

/** One letter for everything the owner of an account must hear of. */
export const noticeMail: MailType<Whence & { readonly notice: Notice }> = {
  name: "identity.notice",
  topic: null,
  write({ notice, at, network, userAgent }, reader) {
    const language = languageOf(reader);
    const { subject, text } = notices[notice][language];
    const { note, reason, when, from, program } = common[language];
    return {
      subject,
      preview: text,
      parts: [
        { kind: "text", text },
        {
          kind: "facts",
          facts: [
            [when, momentFor(reader, at)],
            ...(network === null ? [] : [[from, network] as const]),
            ...(userAgent === null ? [] : [[program, userAgent] as const]),
          ],
        },
        { kind: "note", text: note },
      ],
      reason,
    };
  },
};

/** Whoever a letter of this room is for. */
export const readerOf = (user: UserRow, email = user.email): Reader => ({
  email,
  name: [user.firstName, user.lastName].filter((part) => part !== null).join(" ") || null,
  locale: user.locale ?? "en",
  timeZone: user.timeZone ?? "UTC",
});

export const whenceOf = (ctx: Context, at: number): Whence => ({
  at,
  network: ctx.origin.network,
  userAgent: ctx.origin.userAgent,
});

/** Tells the owner of an account, as a part of the change it tells of. */
export async function queueNotice(
  tx: Change,
  ctx: Context,
  user: UserRow,
  notice: Notice,
  email = user.email,
): Promise<void> {
  const props = { notice, ...whenceOf(ctx, tx.now) };
  await queueMail(tx, ctx, noticeMail, readerOf(user, email), props, { workspaceId: null });
}

/** The same to whoever it is that asks; nobody for what is no person. */
export async function noticeToCaller(tx: Change, ctx: Context, notice: Notice): Promise<void> {
  const { person } = ctx.actor;
  const user = person && (await userById(ctx, person.userId, tx));
  if (user) await queueNotice(tx, ctx, user, notice);
}

/** Somebody who signs in for the first time knows that they do, and one may ask for silence. */
export async function queueNewSignIn(tx: Change, ctx: Context, user: UserRow): Promise<void> {
  if (user.notifications?.newSignIns === false) return;
  const { sessions } = ctx.db.tables;
  const [before] = await tx
    .select({ id: sessions.id })
    .from(sessions)
    .where(eq(sessions.userId, user.id))
    .limit(1);
  if (before) await queueNotice(tx, ctx, user, "newSignIn");
}
