import { Type as t } from "@sinclair/typebox";
import { isoOf, nullable, oneOf, strict, Time } from "../../platform/schema.ts";
import type { SessionRow } from "./store.ts";

/** WHATWG's pattern for an e-mail address, which is what browsers accept in a form. */
export const Email = t.String({
  maxLength: 254,
  pattern:
    "^[a-zA-Z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?(\\.[a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)*$",
  description: "an e-mail address",
  examples: ["ada@example.com"],
});
export const Password = t.String({ minLength: 10, maxLength: 256, description: "At least 10 characters." });
export const Name = t.String({
  minLength: 1,
  maxLength: 100,
  pattern: "^[^\\u0000-\\u001f\\u007f]*[^\\u0000-\\u001f\\u007f\\s][^\\u0000-\\u001f\\u007f]*$",
  description: "a name without control characters",
});

export const NewUser = strict({
  email: Email,
  password: t.Optional(Password),
  firstName: t.Optional(nullable(Name)),
  lastName: t.Optional(nullable(Name)),
  operator: t.Optional(t.Boolean({ description: "May run the installation. No role in a workspace." })),
});
export type NewUser = typeof NewUser.static;

export const User = t.Object(
  {
    id: t.String(),
    email: t.String(),
    firstName: nullable(t.String()),
    lastName: nullable(t.String()),
    operator: t.Boolean(),
    createdAt: Time,
  },
  { $id: "User" },
);
export type User = typeof User.static;

const notificationFields = {
  newSignIns: t.Boolean({ description: "Letters about sign-ins on devices that were not seen before." }),
};
export const Notifications = t.Object(notificationFields);

/** One's own account, whole. */
export const Profile = t.Object(
  {
    ...User.properties,
    avatarUrl: nullable(t.String()),
    locale: t.String(),
    timeZone: t.String(),
    notifications: Notifications,
    emailVerified: t.Boolean(),
    hasPassword: t.Boolean(),
    totpEnabled: t.Boolean(),
    passkeys: t.Integer(),
    recoveryCodesLeft: t.Integer(),
    updatedAt: Time,
  },
  { $id: "Profile" },
);
export type Profile = typeof Profile.static;

export const ProfilePatch = strict({
  firstName: t.Optional(nullable(Name)),
  lastName: t.Optional(nullable(Name)),
  avatarUrl: t.Optional(
    nullable(
      t.String({
        maxLength: 65_536,
        pattern: "^(https://[^\\s]{1,2000}|data:image/(png|jpeg|webp);base64,[A-Za-z0-9+/]+={0,2})$",
        description: "an https:// address of a picture, or a small PNG, JPEG or WebP as a data: URL",
      }),
    ),
  ),
  locale: t.Optional(t.String({ minLength: 2, maxLength: 35, examples: ["de-AT"] })),
  timeZone: t.Optional(t.String({ minLength: 1, maxLength: 64, examples: ["Europe/Vienna"] })),
  notifications: t.Optional(strict({ newSignIns: t.Optional(t.Boolean()) })),
});
export type ProfilePatch = typeof ProfilePatch.static;

/** What members of one workspace see of each other. */
export const PublicUser = t.Object(
  {
    id: t.String(),
    firstName: nullable(t.String()),
    lastName: nullable(t.String()),
    avatarUrl: nullable(t.String()),
  },
  { $id: "PublicUser" },
);
export type PublicUser = typeof PublicUser.static;

export const toPublicUser = (row: {
  readonly id: string;
  readonly firstName: string | null;
  readonly lastName: string | null;
  readonly avatarUrl: string | null;
}): PublicUser => ({
  id: row.id,
  firstName: row.firstName,
  lastName: row.lastName,
  avatarUrl: row.avatarUrl,
});

interface UserRow {
  readonly id: string;
  readonly email: string;
  readonly firstName: string | null;
  readonly lastName: string | null;
  readonly operator: boolean;
  readonly createdAt: number;
}

/** What the world may see of a row, and nothing else. */
export const toUser = ({ id, email, firstName, lastName, operator, createdAt }: UserRow): User => ({
  id,
  email,
  firstName,
  lastName,
  operator,
  createdAt: isoOf(createdAt),
});

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

export const toSession = (row: SessionRow, current: string | null): Session => ({
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

export const ConfirmInput = strict({
  password: t.Optional(TriedPassword),
  challenge: t.Optional(Challenge),
  code: t.Optional(Code),
  totp: t.Optional(
    t.String({ pattern: "^[0-9 ]{6,8}$", maxLength: 8, description: "the digits of the app" }),
  ),
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
