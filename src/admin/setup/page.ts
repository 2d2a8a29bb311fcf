import { api, chooseWorkspace, keepKey, Refusal, type SetupInput, type SetupResult } from "../api.ts";
import { copyButton } from "../ui/copy.ts";
import { element } from "../ui/element.ts";
import { field, submits, textOf } from "../ui/form.ts";

/** The first run: the account of whoever runs this installation, and its first workspace. */
export function setupPage(done: () => void): HTMLElement {
  const form = element(
    "form",
    { class: "stack" },
    field({
      name: "code",
      label: "Setup code",
      hint: "The server printed it when it started.",
      control: element("input", {
        autocomplete: "one-time-code",
        "data-first": true,
        spellcheck: "false",
        class: "code",
        required: true,
      }),
    }),
    field({
      name: "email",
      label: "E-mail",
      control: element("input", { type: "email", autocomplete: "username", required: true }),
    }),
    field({
      name: "password",
      label: "Password",
      hint: "At least 10 characters.",
      control: element("input", { type: "password", autocomplete: "new-password", required: true }),
    }),
    field({
      name: "workspaceName",
      label: "Workspace",
      hint: "Your team or company. It can be renamed.",
      control: element("input", { autocomplete: "organization", required: true }),
    }),
    element("button", { type: "submit", class: "primary" }, "Set up"),
  );
  const card = element(
    "main",
    { class: "card narrow" },
    element("p", { class: "brand" }, "Waypost"),
    element("h1", {}, "Welcome"),
    element("p", { class: "lead" }, "This installation is new. Tell it who you are, and it is yours."),
    form,
  );
  submits(form, async () => {
    const email = textOf(form, "email") ?? "";
    // A password is taken as it was typed, blanks at its ends included.
    const password = String(new FormData(form).get("password") ?? "");
    const result = await sent({
      code: textOf(form, "code") ?? "",
      email,
      password,
      workspaceName: textOf(form, "workspaceName") ?? "",
    });
    // Without TLS there is no session but on localhost: then the key opens the page, as long as the tab lives.
    const isSignedIn = await api.signIn(email, password).then(
      () => true,
      () => false,
    );
    if (isSignedIn) chooseWorkspace(result.workspace.id);
    card.replaceWith(keyPage(result, isSignedIn, done));
    document.querySelector<HTMLElement>("#owner-key")?.focus();
  });
  return card;
}

/** The server does not say which field a wrong code stands in; there is only one. */
const sent = (input: SetupInput): Promise<SetupResult> =>
  api.setUp(input).catch((error: unknown) => {
    const wrongCode = error instanceof Refusal && error.status === 403;
    throw wrongCode ? new Refusal(403, error.message, [{ path: "/code", message: error.message }]) : error;
  });

/** The one time the owner's key can be seen. */
function keyPage({ key, workspace }: SetupResult, isSignedIn: boolean, done: () => void): HTMLElement {
  const go = () => {
    if (!isSignedIn) keepKey(key.secret);
    done();
  };
  return element(
    "main",
    { class: "card narrow" },
    element("h1", {}, `${workspace.name} is ready`),
    element(
      "p",
      { class: "lead" },
      "This key lets programs use the API. It is shown once: keep it in your password manager.",
    ),
    element(
      "div",
      { class: "secret" },
      element("code", { id: "owner-key", tabindex: -1 }, key.secret),
      copyButton(key.secret, "owner key"),
    ),
    element("button", { type: "button", class: "primary", on: { click: go } }, "I have kept it, go on"),
  );
}
