import { and, count, eq, inArray } from "drizzle-orm";
import { invalid, notFound } from "../../lib/errors.ts";
import { type Id, isId } from "../../lib/ids.ts";
import { personOf } from "../../platform/callers.ts";
import type { Context } from "../../platform/context.ts";
import { change, Unchanged, withPrevious } from "../../platform/events.ts";
import { isoOf } from "../../platform/schema.ts";
import { nameOf } from "./create-user.ts";
import { sessionOver } from "./errors.ts";
import { userUpdated } from "./events.ts";
import { type Profile, type ProfilePatch, type PublicUser, toPublicUser, toUser } from "./model.ts";
import { type UserRow, userById } from "./store.ts";

/** One's own account. */
export async function readProfile(ctx: Context): Promise<Profile> {
  const { userId } = personOf(ctx);
  const user = await userById(ctx, userId);
  if (user === null) throw sessionOver();
  return toProfile(ctx, user);
}

/** Changes what one may change by oneself; the address and the password have ways of their own. */
export async function updateProfile(ctx: Context, patch: ProfilePatch): Promise<Profile> {
  const { userId } = personOf(ctx);
  const locale = patch.locale === undefined ? undefined : checkedLocale(patch.locale);
  const timeZone = patch.timeZone === undefined ? undefined : checkedTimeZone(patch.timeZone);
  if (patch.avatarUrl) checkAvatar(patch.avatarUrl);
  const after = await change(ctx, async (tx) => {
    const before = await userById(ctx, userId, tx);
    if (before === null) throw sessionOver();
    const changed: UserRow = {
      ...before,
      firstName: patch.firstName === undefined ? before.firstName : nameOf(patch.firstName),
      lastName: patch.lastName === undefined ? before.lastName : nameOf(patch.lastName),
      avatarUrl: patch.avatarUrl === undefined ? before.avatarUrl : patch.avatarUrl,
      locale: locale ?? before.locale,
      timeZone: timeZone ?? before.timeZone,
      notifications:
        patch.notifications?.newSignIns === undefined
          ? before.notifications
          : { newSignIns: patch.notifications.newSignIns },
    };
    if (Bun.deepEquals(changed, before)) throw new Unchanged(before);
    const row = { ...changed, updatedAt: tx.now };
    await tx.update(ctx.db.tables.users).set(row).where(eq(ctx.db.tables.users.id, userId));
    tx.record(userUpdated, userId, withPrevious(toUser(before), toUser(row)), null);
    return row;
  });
  return toProfile(ctx, after);
}

/** What members of a shared workspace may know of each other; anybody else does not exist. */
export async function readUser(ctx: Context, id: string): Promise<PublicUser> {
  const { userId } = personOf(ctx);
  const user =
    isId("usr", id) && (id === userId || (await shareWorkspace(ctx, userId, id)))
      ? await userById(ctx, id)
      : null;
  if (user === null) throw notFound("user");
  return toPublicUser(user);
}

async function shareWorkspace(ctx: Context, one: Id<"usr">, other: Id<"usr">): Promise<boolean> {
  const { members } = ctx.db.tables;
  const mine = ctx.db.read.select({ id: members.workspaceId }).from(members).where(eq(members.userId, one));
  const [row] = await ctx.db.read
    .select({ id: members.workspaceId })
    .from(members)
    .where(and(eq(members.userId, other), inArray(members.workspaceId, mine)))
    .limit(1);
  return row !== undefined;
}

async function toProfile(ctx: Context, user: UserRow): Promise<Profile> {
  const { passkeys, recoveryCodes } = ctx.db.tables;
  const [[keys], [codes]] = await Promise.all([
    ctx.db.read.select({ many: count() }).from(passkeys).where(eq(passkeys.userId, user.id)),
    ctx.db.read.select({ many: count() }).from(recoveryCodes).where(eq(recoveryCodes.userId, user.id)),
  ]);
  return {
    ...toUser(user),
    avatarUrl: user.avatarUrl,
    locale: user.locale ?? "en",
    timeZone: user.timeZone ?? "UTC",
    notifications: user.notifications ?? { newSignIns: true },
    emailVerified: user.emailVerifiedAt !== null,
    hasPassword: user.passwordHash !== null,
    totpEnabled: user.totpEnabledAt !== null,
    passkeys: keys?.many ?? 0,
    recoveryCodesLeft: codes?.many ?? 0,
    updatedAt: isoOf(user.updatedAt),
  };
}

function checkedLocale(text: string): string {
  try {
    return Intl.getCanonicalLocales(text)[0]!;
  } catch {
    throw invalid("/locale", "locale must be a language tag such as en or de-AT");
  }
}

function checkedTimeZone(text: string): string {
  try {
    const { timeZone } = new Intl.DateTimeFormat("en", { timeZone: text }).resolvedOptions();
    // An offset such as +01:00 is taken too, and knows no summer.
    if (/^[A-Za-z]/.test(timeZone)) return text === "UTC" ? "UTC" : timeZone;
  } catch {}
  throw invalid("/timeZone", "timeZone must be a zone of the IANA list such as Europe/Vienna");
}

const BEGINNINGS: Readonly<Record<string, (bytes: Buffer) => boolean>> = {
  png: (bytes) => bytes.subarray(0, 8).toString("latin1") === "\x89PNG\r\n\x1a\n",
  jpeg: (bytes) => bytes[0] === 0xff && bytes[1] === 0xd8 && bytes[2] === 0xff,
  webp: (bytes) => bytes.toString("latin1", 0, 4) === "RIFF" && bytes.toString("latin1", 8, 12) === "WEBP",
};

/** What is said to be a picture is one by its first bytes; an address is one that parses. */
function checkAvatar(text: string): void {
  const [, kind, body] = /^data:image\/(png|jpeg|webp);base64,(.*)$/.exec(text) ?? [];
  const isPicture = kind !== undefined && BEGINNINGS[kind]!(Buffer.from(body!, "base64"));
  const isAddress = kind === undefined && URL.parse(text)?.protocol === "https:";
  if (!isPicture && !isAddress) throw invalid("/avatarUrl", "avatarUrl is not the picture it says it is");
}
