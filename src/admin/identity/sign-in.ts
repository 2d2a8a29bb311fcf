import { api, type SignedIn } from "../api.ts";
import { keyForm } from "../keys/sign-in.ts";
import { element } from "../ui/element.ts";
import { field, submits, textOf } from "../ui/form.ts";
import { card, swap } from "./card.ts";
import { forgotPage } from "./forgot.ts";
import { passkeyButton } from "./passkey.ts";

/** The door: an account opens it, or a key of a workspace. */
export function signInPage(done: () => void): HTMLElement {
  const form = element(
    "form",
    { class: "stack" },
    field({
      name: "email",
      label: "E-mail",
      control: element("input", {
        type: "email",
        autocomplete: "username webauthn",
        required: true,
        "data-first": true,
      }),
    }),
    field({
      name: "password",
      label: "Password",
      control: element("input", { type: "password", autocomplete: "current-password", required: true }),
    }),
    element("button", { type: "submit", class: "primary" }, "Sign in"),
  );
  const passkey = passkeyButton(done);
  const forgot = element("button", { type: "button", class: "quiet" }, "Forgot your password?");
  const page = card(
    "Sign in",
    form,
    element("div", { class: "stack more" }, passkey, forgot),
    element("details", {}, element("summary", {}, "Use an API key"), keyForm(done)),
  );
  forgot.addEventListener("click", () =>
    swap(
      page,
      forgotPage(() => swap(document.querySelector("main")!, signInPage(done))),
    ),
  );
  submits(form, async () => {
    // A password is taken as it was typed, blanks at its ends included.
    const password = String(new FormData(form).get("password") ?? "");
    const answer = await api.signIn(textOf(form, "email") ?? "", password);
    if (answer.secondFactor === null) return done();
    swap(page, secondFactorPage(answer.secondFactor, done));
  });
  return page;
}

/** The second step, where the account has one. */
function secondFactorPage(
  { challenge }: NonNullable<SignedIn["secondFactor"]>,
  done: () => void,
): HTMLElement {
  const form = element(
    "form",
    { class: "stack" },
    field({
      name: "code",
      label: "Code",
      hint: "Six digits of your authenticator app, or a recovery code.",
      control: element("input", {
        autocomplete: "one-time-code",
        spellcheck: "false",
        class: "code",
        required: true,
        "data-first": true,
      }),
    }),
    element("button", { type: "submit", class: "primary" }, "Go on"),
  );
  submits(form, async () => {
    const typed = textOf(form, "code") ?? "";
    const isCode = /^[\d\s]{6,8}$/.test(typed);
    await api.secondFactor(challenge, isCode ? { code: typed } : { recoveryCode: typed });
    done();
  });
  return card("One more step", form);
}
