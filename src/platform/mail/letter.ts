/** Whoever a mail is for, and how they read. */
export interface Reader {
  readonly email: string;
  readonly name: string | null;
  /** BCP 47, such as `de-AT`. A language we do not have is answered in English. */
  readonly locale: string;
  /** IANA, such as `Europe/Vienna`. */
  readonly timeZone: string;
}

/** Whose name a mail goes out under. */
export interface Brand {
  readonly name: string;
  /** Shown instead of the name where images are; `https://` only. */
  readonly logoUrl: string | null;
  readonly website: string | null;
  /** `#rrggbb`, for buttons. */
  readonly color: string;
}

export const ownBrand: Brand = { name: "Waypost", logoUrl: null, website: null, color: "#1d4ed8" };

/** What a mail says: parts that become HTML and plain text alike, so that neither can say less than the other. */
export interface Letter {
  /** Never holds a code or a link: it is kept, and shown in lists, when the body is not. */
  readonly subject: string;
  /** The line that mail programs show beside the subject. */
  readonly preview: string;
  readonly parts: readonly Part[];
  /** Why the reader gets it; the last line. */
  readonly reason: string;
}

export type Part =
  | { readonly kind: "text"; readonly text: string }
  /** To be typed or copied. */
  | { readonly kind: "code"; readonly code: string }
  | { readonly kind: "button"; readonly label: string; readonly url: string }
  | { readonly kind: "facts"; readonly facts: readonly (readonly [name: string, value: string])[] }
  | { readonly kind: "note"; readonly text: string };

/** What one may stop receiving. */
export interface Topic {
  /** Stands in rows and links of unsubscribing; never changed. */
  readonly name: string;
  /** As it goes on after "You will get no more": `weekly summaries`. */
  readonly title: Texts;
}

/** A kind of mail. `Props` are what its words hang on. */
export interface MailType<Props = never> {
  /** The feature, then the mail: `identity.sign-in-code`. It stands in rows, and is never changed. */
  readonly name: string;
  /** Null for what the reader asked for or must know. Everything else can be unsubscribed. */
  readonly topic: Topic | null;
  write(props: Props, reader: Reader): Letter;
}

/** One sentence in every language we write. */
export interface Texts {
  readonly en: string;
  readonly de: string;
}
export type Language = keyof Texts;

export const languageOf = ({ locale }: Pick<Reader, "locale">): Language =>
  /^de\b/i.test(locale) ? "de" : "en";

/** A moment as the reader would write it, in their own zone. */
export function momentFor({ locale, timeZone }: Pick<Reader, "locale" | "timeZone">, ms: number): string {
  const style = { dateStyle: "long", timeStyle: "short" } as const;
  try {
    return new Intl.DateTimeFormat(locale, { ...style, timeZone }).format(ms);
  } catch {
    // A zone or locale that was taken out of the tables since it was chosen.
    return `${new Intl.DateTimeFormat("en", { ...style, timeZone: "UTC" }).format(ms)} UTC`;
  }
}
