import { api } from "../api.ts";
import { element } from "../ui/element.ts";
import { field, submits } from "../ui/form.ts";
import { card, swap } from "./card.ts";
import { told } from "./forgot.ts";

/** What a letter's link carries behind its `#`; null when there is none. */
export function linkOf(hash: string): { readonly what: string; readonly token: string } | null {
  const match = /^#(verify|reset|email)=([\w-]+)$/.exec(hash);
  return match && { what: match[1]!, token: match[2]! };
}

/** The page for a letter's link. Nothing is done before a person asks for it: programs open links too. */
export function linkPage({ what, token }: { what: string; token: string }, done: () => void): HTMLElement {
  if (what === "reset") return resetPage(token, done);
  return what === "verify"
    ? verifyPage(token, done)
    : askPage("Confirm the change of address", "Both addresses have to confirm it.", "Confirm", async () => {
        const { changed } = await api.confirmEmail(token);
        return changed
          ? told("Your address has changed", "Sign in with it from now on.", done)
          : told("Confirmed", "The other address has to confirm it too: look into its mail.", done);
      });
}

/** Who was sent a letter that somebody else asked for does not know the password, and makes no account for them. */
function verifyPage(token: string, done: () => void): HTMLElement {
  const form = element(
    "form",
    { class: "stack" },
    passwordField("Password", "The one you chose when you asked for the account.", "current-password"),
    element("button", { type: "submit", class: "primary" }, "Confirm address"),
  );
  const page = card("Confirm your address", form);
  submits(form, async () => {
    await api.verifyEmail(token, passwordIn(form));
    swap(page, told("Your account is ready", "Sign in with your address and password.", done));
  });
  return page;
}

function askPage(title: string, text: string, label: string, send: () => Promise<HTMLElement>): HTMLElement {
  const form = element(
    "form",
    { class: "stack" },
    element("button", { type: "submit", class: "primary", "data-first": true }, label),
  );
  const page = card(title, element("p", { class: "lead" }, text), form);
  submits(form, async () => swap(page, await send()));
  return page;
}

function resetPage(token: string, done: () => void): HTMLElement {
  const form = element(
    "form",
    { class: "stack" },
    passwordField("New password", "At least 10 characters.", "new-password"),
    element("button", { type: "submit", class: "primary" }, "Set password"),
  );
  const page = card("Choose a new password", form);
  submits(form, async () => {
    await api.resetPassword(token, passwordIn(form));
    swap(page, told("Your password is set", "All sessions have ended. Sign in with the new one.", done));
  });
  return page;
}

const passwordField = (label: string, hint: string, autocomplete: string): HTMLElement =>
  field({
    name: "password",
    label,
    hint,
    control: element("input", { type: "password", autocomplete, required: true, "data-first": true }),
  });

const passwordIn = (form: HTMLFormElement): string => String(new FormData(form).get("password") ?? "");
