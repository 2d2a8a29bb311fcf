import { element } from "./element.ts";
import { say } from "./say.ts";

/** A button that puts a text on the clipboard. `what` names it for those who hear the page. */
export function copyButton(text: string, what: string): HTMLButtonElement {
  const button = element("button", { type: "button", class: "quiet", "aria-label": `Copy ${what}` }, "Copy");
  button.addEventListener("click", async () => {
    await copy(text);
    button.textContent = "Copied";
    say(`${what} copied`);
    setTimeout(() => {
      button.textContent = "Copy";
    }, 1500);
  });
  return button;
}

async function copy(text: string): Promise<void> {
  // Browsers give a page the clipboard over TLS and on this machine only; elsewhere the old way still works.
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const area = element("textarea", { class: "unseen", readonly: true });
  area.value = text;
  document.body.append(area);
  area.select();
  document.execCommand("copy");
  area.remove();
}
