import { api, keepKey, Refusal } from "../api.ts";
import { element } from "../ui/element.ts";
import { field, submits, textOf } from "../ui/form.ts";

/** The other way in: a key of the workspace, where there is no TLS for a session or no account. */
export function keyForm(done: () => void): HTMLElement {
  const form = element(
    "form",
    { class: "stack" },
    field({
      name: "key",
      label: "API key",
      hint: "It begins with way_sk_ and was shown when it was made. Closing this tab signs you out.",
      control: element("input", { type: "password", autocomplete: "off", required: true }),
    }),
    element("button", { type: "submit" }, "Open with the key"),
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
  return form;
}

const refusal = (message: string): Refusal => new Refusal(401, message, [{ path: "/key", message }]);
