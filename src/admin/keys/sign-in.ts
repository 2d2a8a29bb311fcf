import { api, keepKey, Refusal } from "../api.ts";
import { element } from "../ui/element.ts";
import { field, submits, textOf } from "../ui/form.ts";

/** The door: a key of the workspace opens it. */
export function signInPage(done: () => void): HTMLElement {
  const form = element(
    "form",
    { class: "stack" },
    field({
      name: "key",
      label: "API key",
      hint: "It begins with way_sk_ and was shown when it was made. Closing this tab signs you out.",
      control: element("input", {
        type: "password",
        autocomplete: "current-password",
        required: true,
        "data-first": true,
      }),
    }),
    element("button", { type: "submit", class: "primary" }, "Sign in"),
  );
  submits(form, async () => {
    const key = textOf(form, "key") ?? "";
    // Headers carry nothing else; browsers would call it a failed connection.
    if (!/^[\x21-\x7e]+$/.test(key)) throw refusal("Paste the key as it was shown: it has no blanks.");
    try {
      await api.tryKey(key);
    } catch (error) {
      throw error instanceof Refusal && error.status < 500 ? refusal(error.message) : error;
    }
    keepKey(key);
    done();
  });
  return element(
    "main",
    { class: "card narrow" },
    element("p", { class: "brand" }, "Waypost"),
    element("h1", {}, "Sign in"),
    form,
  );
}

const refusal = (message: string): Refusal => new Refusal(401, message, [{ path: "/key", message }]);
