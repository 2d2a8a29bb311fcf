import { api } from "../api.ts";
import { element } from "../ui/element.ts";
import { field, submits, textOf } from "../ui/form.ts";
import { card, swap } from "./card.ts";

/** Asks for the letter that sets a new password. */
export function forgotPage(back: () => void): HTMLElement {
  const form = element(
    "form",
    { class: "stack" },
    field({
      name: "email",
      label: "E-mail",
      control: element("input", {
        type: "email",
        autocomplete: "username",
        required: true,
        "data-first": true,
      }),
    }),
    element("button", { type: "submit", class: "primary" }, "Send me a link"),
    element("button", { type: "button", class: "quiet", on: { click: back } }, "Back"),
  );
  const page = card("Forgot your password?", form);
  submits(form, async () => {
    await api.forgotPassword(textOf(form, "email") ?? "");
    swap(
      page,
      told("Look into your mail", "If there is an account, a letter with a link is on its way.", back),
    );
  });
  return page;
}

/** Says what has become of it, and leads back to the door. */
export const told = (title: string, text: string, go: () => void): HTMLElement =>
  card(
    title,
    element("p", { class: "lead" }, text),
    element("button", { type: "button", class: "primary", "data-first": true, on: { click: go } }, "Go on"),
  );
