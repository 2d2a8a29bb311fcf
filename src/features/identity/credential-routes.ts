import { Type as t } from "@sinclair/typebox";
import { Elysia } from "elysia";
import type { Guard } from "../../platform/http.ts";
import { ok } from "../../platform/reply.ts";
import { envelope } from "../../platform/schema.ts";
import {
  AddressInput,
  Done,
  LetterAsked,
  LinkInput,
  NewPassword,
  RecoveryCodes,
  ResetInput,
  SecondFactor,
  SignedIn,
  SignUp,
  TotpCode,
  TotpEnrolment,
} from "./auth-model.ts";
import { signingIn } from "./auth-routes.ts";
import { askEmailChange, confirmEmailChange } from "./change-email.ts";
import type { Cookies } from "./cookie.ts";
import { User } from "./model.ts";
import { verifySecondFactor } from "./second-factor.ts";
import { changePassword, forgotPassword, resetPassword } from "./set-password.ts";
import { signUp, verifyEmail } from "./sign-up.ts";
import { disableTotp, enableTotp, enrolTotp, renewRecoveryCodes } from "./totp.ts";

const sent = { sent: true } as const;
const done = { done: true } as const;

/** What opens an account: its address, password and second factor. */
export const credentialRoutes = (guard: Guard, cookies: Cookies) =>
  new Elysia({ prefix: "/auth", tags: ["Sign-in"] })
    .use(guard)
    .post(
      "/signup",
      async ({ ctx, body }) => {
        await signUp(ctx, body);
        return ok(ctx, "Look into your mail", sent);
      },
      {
        open: true,
        body: SignUp,
        response: { 200: envelope(LetterAsked) },
        detail: { operationId: "signUp", summary: "Ask for an account; a letter's link makes it" },
      },
    )
    .post(
      "/email/verify",
      async ({ ctx, body }) => ok(ctx, "Account made", await verifyEmail(ctx, body.token)),
      {
        open: true,
        body: LinkInput,
        response: { 200: envelope(User) },
        detail: { operationId: "verifyEmail", summary: "Confirm the address of a new account" },
      },
    )
    .post(
      "/email/change",
      async ({ ctx, body }) => {
        await askEmailChange(ctx, body.email);
        return ok(ctx, "Look into the mail of both addresses", sent);
      },
      {
        may: "account:update",
        body: AddressInput,
        response: { 200: envelope(LetterAsked) },
        detail: { operationId: "changeEmail", summary: "Ask for another address; both confirm it" },
      },
    )
    .post(
      "/email/confirm",
      async ({ ctx, body }) => ok(ctx, "Confirmed", await confirmEmailChange(ctx, body.token)),
      {
        open: true,
        body: LinkInput,
        response: {
          200: envelope(
            t.Object({ changed: t.Boolean({ description: "False while the other address has not." }) }),
          ),
        },
        detail: { operationId: "confirmEmail", summary: "Confirm a change of address" },
      },
    )
    .post(
      "/password/forgot",
      async ({ ctx, body }) => {
        await forgotPassword(ctx, body.email);
        return ok(ctx, "Look into your mail", sent);
      },
      {
        open: true,
        body: AddressInput,
        response: { 200: envelope(LetterAsked) },
        detail: { operationId: "forgotPassword", summary: "Have a link mailed that sets a new password" },
      },
    )
    .post(
      "/password/reset",
      async ({ ctx, body }) => {
        await resetPassword(ctx, body);
        return ok(ctx, "Password set", done);
      },
      {
        open: true,
        body: ResetInput,
        response: { 200: envelope(Done) },
        detail: { operationId: "resetPassword", summary: "Set a password by a mailed link" },
      },
    )
    .post(
      "/password/change",
      async ({ ctx, body }) => {
        await changePassword(ctx, body.password);
        return ok(ctx, "Password changed", done);
      },
      {
        may: "account:update",
        body: NewPassword,
        response: { 200: envelope(Done) },
        detail: { operationId: "changePassword", summary: "Choose another password" },
      },
    )
    .post("/totp/enrol", async ({ ctx }) => ok(ctx, "Type a code to confirm", await enrolTotp(ctx)), {
      may: "account:update",
      response: { 200: envelope(TotpEnrolment) },
      detail: { operationId: "enrolTotp", summary: "A seed for an authenticator app" },
    })
    .post(
      "/totp/enable",
      async ({ ctx, body }) => ok(ctx, "Second factor in force", await enableTotp(ctx, body.code)),
      {
        may: "account:update",
        body: TotpCode,
        response: { 200: envelope(RecoveryCodes) },
        detail: { operationId: "enableTotp", summary: "Confirm the seed by its first code" },
      },
    )
    .post("/totp/verify", signingIn(cookies, verifySecondFactor), {
      open: true,
      body: SecondFactor,
      response: { 200: envelope(SignedIn) },
      detail: { operationId: "verifyTotp", summary: "Complete a sign-in with the second factor" },
    })
    .post(
      "/totp/recovery-codes",
      async ({ ctx }) => ok(ctx, "Recovery codes made", await renewRecoveryCodes(ctx)),
      {
        may: "account:update",
        response: { 200: envelope(RecoveryCodes) },
        detail: { operationId: "renewRecoveryCodes", summary: "Ten new recovery codes" },
      },
    )
    .delete(
      "/totp",
      async ({ ctx }) => {
        await disableTotp(ctx);
        return ok(ctx, "Second factor switched off", done);
      },
      {
        may: "account:update",
        response: { 200: envelope(Done) },
        detail: { operationId: "disableTotp", summary: "Take the second factor away" },
      },
    );
