import { Type as t } from "@sinclair/typebox";
import { isoOf, nullable, oneOf, strict, Time } from "../../platform/schema.ts";
import { Email, Name, Password, User } from "./model.ts";

/** A password that is tried, not chosen: whatever it is, it is compared and not judged. */
export const TriedPassword = t.String({ minLength: 1, maxLength: 1024 });
export const DeviceToken = t.String({
  minLength: 1,
  maxLength: 128,
  description:
    "What an earlier sign-in on this device gave: tries from here are counted apart from strangers'.",
});

/** How a session is wanted, beside whatever proves who asks. */
export const wayFields = {
  session: t.Optional(
    oneOf(
      ["tokens", "cookie"],
      "cookie: for pages of this installation. tokens, the default: for all others.",
    ),
  ),
  platform: t.Optional(
    t.String({
      pattern: "^[a-z0-9_-]{1,32}$",
      maxLength: 32,
      description: "a word such as web, app or backoffice",
    }),
  ),
  device: t.Optional(Name),
  deviceToken: t.Optional(DeviceToken),
};

export const SignIn = strict({ email: Email, password: TriedPassword, ...wayFields });
export type SignIn = typeof SignIn.static;

export const RefreshInput = strict({ refreshToken: t.String({ minLength: 1, maxLength: 128 }) });

export const Session = t.Object(
  {
    id: t.String(),
    /** The one this call was made with. */
    current: t.Boolean(),
    kind: oneOf(["tokens", "cookie"]),
    method: t.String({ description: "password, code, passkey or setup" }),
    platform: nullable(t.String()),
    device: nullable(t.String()),
    network: nullable(t.String({ description: "The first part of the address it was opened from." })),
    userAgent: nullable(t.String()),
    provedAt: Time,
    lastUsedAt: Time,
    expiresAt: Time,
    createdAt: Time,
  },
  { $id: "Session" },
);
export type Session = typeof Session.static;

/** What of a session's row is told to its owner. */
interface SessionShown {
  readonly id: string;
  readonly kind: "tokens" | "cookie";
  readonly method: string;
  readonly platform: string | null;
  readonly device: string | null;
  readonly network: string | null;
  readonly userAgent: string | null;
  readonly provedAt: number;
  readonly usedAt: number;
  readonly expiresAt: number;
  readonly createdAt: number;
}

export const toSession = (row: SessionShown, current: string | null): Session => ({
  id: row.id,
  current: row.id === current,
  kind: row.kind,
  method: row.method,
  platform: row.platform,
  device: row.device,
  network: row.network,
  userAgent: row.userAgent,
  provedAt: isoOf(row.provedAt),
  lastUsedAt: isoOf(row.usedAt),
  expiresAt: isoOf(row.expiresAt),
  createdAt: isoOf(row.createdAt),
});

const tokens = {
  accessToken: nullable(t.String({ description: "Authorization: Bearer …; null for a cookie session." })),
  accessTokenExpiresAt: nullable(Time),
  refreshToken: nullable(
    t.String({ description: "Good once: each refresh gives another. Null for a cookie session." }),
  ),
};
export const Tokens = t.Object(tokens, { $id: "Tokens" });
export type Tokens = typeof Tokens.static;

/** Either a session, or the question for a second factor and nothing else. */
export const SignedIn = t.Object(
  {
    ...tokens,
    user: nullable(User),
    session: nullable(Session),
    csrfToken: nullable(t.String({ description: "X-CSRF-Token of a cookie session." })),
    deviceToken: nullable(t.String()),
    secondFactor: nullable(
      t.Object({
        challenge: t.String({ description: "For POST /auth/totp/verify." }),
        methods: t.Array(oneOf(["totp", "recoveryCode"])),
        expiresAt: Time,
      }),
    ),
  },
  { $id: "SignedIn" },
);
export type SignedIn = typeof SignedIn.static;

export const CurrentSession = t.Object({
  user: User,
  session: nullable(Session),
  csrfToken: nullable(t.String()),
});

export const SignUp = strict({
  email: Email,
  password: Password,
  firstName: t.Optional(nullable(Name)),
  lastName: t.Optional(nullable(Name)),
});
export type SignUp = typeof SignUp.static;

export const AddressInput = strict({ email: Email });
export const LetterInput = strict({ email: Email, deviceToken: t.Optional(DeviceToken) });
export type LetterInput = typeof LetterInput.static;
/** The link of the letter, and the password of who asked: the account is for who has both. */
export const VerifyInput = strict({
  token: t.String({ minLength: 1, maxLength: 128 }),
  password: TriedPassword,
});
export type VerifyInput = typeof VerifyInput.static;
/** What a letter's link carries. */
export const LinkInput = strict({ token: t.String({ minLength: 1, maxLength: 128 }) });
export const NewPassword = strict({ password: Password });
export const ResetInput = strict({ token: t.String({ minLength: 1, maxLength: 128 }), password: Password });
export type ResetInput = typeof ResetInput.static;

const Challenge = t.String({ minLength: 1, maxLength: 128, description: "From the answer to the request." });
const Code = t.String({ pattern: "^[0-9 ]{6,16}$", maxLength: 16, description: "the digits of the code" });
export const CodeInput = strict({ challenge: Challenge, code: Code, ...wayFields });
export type CodeInput = typeof CodeInput.static;

/** The same whether there is such an account or not. */
export const LetterAsked = t.Object({ sent: t.Literal(true) });
export const CodeAsked = t.Object({
  challenge: t.String({ description: "The code is good with this alone." }),
  expiresAt: Time,
});

const Base64Url = (maxLength: number) =>
  t.String({ maxLength, pattern: "^[A-Za-z0-9_-]+$", description: "base64url" });
const credential = {
  id: Base64Url(1400),
  rawId: Base64Url(1400),
  type: t.Literal("public-key"),
  authenticatorAttachment: t.Optional(nullable(oneOf(["platform", "cross-platform"]))),
  clientExtensionResults: t.Optional(
    strict({ credProps: t.Optional(strict({ rk: t.Optional(t.Boolean()) })) }),
  ),
};
/** What `PublicKeyCredential.toJSON()` gives after `navigator.credentials.get()` (WebAuthn 3, 5.1). */
export const Assertion = strict({
  ...credential,
  response: strict({
    clientDataJSON: Base64Url(8192),
    authenticatorData: Base64Url(4096),
    signature: Base64Url(2048),
    userHandle: t.Optional(nullable(t.String({ maxLength: 128 }))),
    attestationObject: t.Optional(Base64Url(65_536)),
  }),
});
export type Assertion = typeof Assertion.static;

/** The same after `navigator.credentials.create()`. */
const Attestation = strict({
  ...credential,
  response: strict({
    clientDataJSON: Base64Url(8192),
    attestationObject: Base64Url(65_536),
    transports: t.Optional(t.Array(t.String({ pattern: "^[a-z-]{1,20}$", maxLength: 20 }), { maxItems: 8 })),
    publicKeyAlgorithm: t.Optional(t.Integer({ minimum: -65_536, maximum: 65_536 })),
    publicKey: t.Optional(nullable(Base64Url(8192))),
    authenticatorData: t.Optional(Base64Url(65_536)),
  }),
});
export const NewPasskey = strict({ name: Name, credential: Attestation });
export type NewPasskey = typeof NewPasskey.static;
export const PasskeySignIn = strict({ credential: Assertion, ...wayFields });
export type PasskeySignIn = typeof PasskeySignIn.static;
export const PasskeyPatch = strict({ name: Name });
/** Options for the browser as the standard has them, for `parseCreationOptionsFromJSON` and its sister. */
export const BrowserOptions = t.Object({ challenge: t.String() }, { additionalProperties: true });

export const ConfirmInput = strict({
  password: t.Optional(TriedPassword),
  challenge: t.Optional(Challenge),
  code: t.Optional(Code),
  totp: t.Optional(
    t.String({ pattern: "^[0-9 ]{6,8}$", maxLength: 8, description: "the digits of the app" }),
  ),
  passkey: t.Optional(Assertion),
});
export type ConfirmInput = typeof ConfirmInput.static;
export const Confirmed = t.Object({ provedAt: Time });

export const SecondFactor = strict({
  challenge: Challenge,
  code: t.Optional(
    t.String({ pattern: "^[0-9 ]{6,8}$", maxLength: 8, description: "the digits of the app" }),
  ),
  recoveryCode: t.Optional(t.String({ minLength: 1, maxLength: 40 })),
  session: wayFields.session,
  deviceToken: wayFields.deviceToken,
});
export type SecondFactor = typeof SecondFactor.static;

export const TotpCode = strict({
  code: t.String({ pattern: "^[0-9 ]{6,8}$", maxLength: 8, description: "the digits of the app" }),
});
export const TotpEnrolment = t.Object({
  secret: t.String({ description: "For typing it in; shown once." }),
  uri: t.String({ description: "otpauth://, for a QR code." }),
});
export type TotpEnrolment = typeof TotpEnrolment.static;
export const RecoveryCodes = t.Object({ recoveryCodes: t.Array(t.String()) });
export type RecoveryCodes = typeof RecoveryCodes.static;
export const Done = t.Object({ done: t.Literal(true) });

export const AccountDeletion = strict({
  workspaces: t.Optional(
    t.Array(t.String({ maxLength: 64 }), {
      maxItems: 100,
      description: "Workspaces that have no other owner, and are to be deleted with the account.",
    }),
  ),
});
