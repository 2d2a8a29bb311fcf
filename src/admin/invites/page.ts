import { type Accepted, api, type ReceivedInvite, Refusal } from "../api.ts";
import { element } from "../ui/element.ts";
import { field, submits, textOf } from "../ui/form.ts";

/** The token of the invitation whose link was opened. It stands behind the #, which no server gets to see. */
export const inviteToken = (): string | null => /^#invite=([0-9A-Za-z]+)$/.exec(location.hash)?.[1] ?? null;

/** What an invitation is to, and the way to accept it. */
export async function invitePage(token: string, done: () => void): Promise<HTMLElement> {
  try {
    return open(token, await api.lookAtInvite(token), leave(done));
  } catch (error) {
    if (error instanceof Refusal && error.status === 410) return over(error.message, leave(done));
    throw error;
  }
}

/** The token is taken out of the address: a used one has no business in the history. */
const leave = (done: () => void) => () => {
  history.replaceState(null, "", location.pathname);
  done();
};

function open(token: string, invite: ReceivedInvite, done: () => void): HTMLElement {
  const { hasAccount, workspaceName, invitedBy, roleName, email } = invite;
  const form = element(
    "form",
    { class: "stack" },
    ...(hasAccount ? [] : newAccount()),
    element("button", { type: "submit", class: "primary", "data-first": hasAccount }, "Accept"),
  );
  const card = element(
    "main",
    { class: "card narrow" },
    element("p", { class: "brand" }, "Waypost"),
    element("h1", {}, `Join ${workspaceName}`),
    element(
      "p",
      { class: "lead" },
      `${invitedBy ?? "Somebody"} invites ${email} to the workspace ${workspaceName}, as ${roleName}.`,
    ),
    form,
  );
  submits(form, async () => {
    const names = { firstName: textOf(form, "firstName"), lastName: textOf(form, "lastName") };
    const given = Object.entries(names).filter(([, value]) => value !== undefined);
    const accepted = await api.acceptInvite({
      token,
      ...(hasAccount
        ? {}
        : { ...Object.fromEntries(given), password: String(new FormData(form).get("password") ?? "") }),
    });
    card.replaceWith(welcome(accepted, done));
    document.querySelector<HTMLElement>("[data-first]")?.focus();
  });
  return card;
}

const newAccount = (): HTMLElement[] => [
  field({
    name: "firstName",
    label: "First name",
    control: element("input", { autocomplete: "given-name", "data-first": true }),
  }),
  field({
    name: "lastName",
    label: "Last name",
    control: element("input", { autocomplete: "family-name" }),
  }),
  field({
    name: "password",
    label: "Password",
    hint: "At least 10 characters. Your account is made with the address above.",
    control: element("input", { type: "password", autocomplete: "new-password", required: true }),
  }),
];

const welcome = ({ workspace }: Accepted, done: () => void): HTMLElement =>
  element(
    "main",
    { class: "card narrow" },
    element("h1", {}, `You are in ${workspace.name}`),
    element("button", { type: "button", class: "primary", "data-first": true, on: { click: done } }, "Go on"),
  );

const over = (message: string, done: () => void): HTMLElement =>
  element(
    "main",
    { class: "card narrow" },
    element("h1", {}, "This invitation opens nothing"),
    element("p", { class: "lead" }, message),
    element("button", { type: "button", class: "primary", "data-first": true, on: { click: done } }, "Go on"),
  );
