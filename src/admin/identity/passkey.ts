import { api } from "../api.ts";
import { element } from "../ui/element.ts";
import { problemOf } from "../ui/problem.ts";

/** Signs in with a passkey of this device; null where the browser has none. */
export function passkeyButton(done: () => void): HTMLElement | null {
  if (!window.PublicKeyCredential?.parseRequestOptionsFromJSON) return null;
  const problem = element("p", { class: "problem general", role: "alert" });
  const button = element("button", { type: "button", class: "quiet" }, "Use a passkey");
  button.addEventListener("click", async () => {
    problem.textContent = "";
    button.disabled = true;
    try {
      const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(await api.passkeyOptions());
      const credential = (await navigator.credentials.get({ publicKey })) as PublicKeyCredential | null;
      if (credential === null) return;
      await api.passkeySignIn(credential.toJSON());
      done();
    } catch (error) {
      // Closing the browser's own dialog is an answer and no failure.
      if ((error as Error).name !== "NotAllowedError") problem.textContent = problemOf(error);
    } finally {
      button.disabled = false;
    }
  });
  return element("div", {}, button, problem);
}
