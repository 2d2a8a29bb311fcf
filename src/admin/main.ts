import {
  api,
  chooseWorkspace,
  chosenWorkspace,
  forgetKey,
  hasKey,
  onRefused,
  type Workspace,
} from "./api.ts";
import { linkOf, linkPage } from "./identity/link.ts";
import { signInPage } from "./identity/sign-in.ts";
import { invitePage, inviteToken } from "./invites/page.ts";
import { linksPage } from "./links/page.ts";
import { setupPage } from "./setup/page.ts";
import { element } from "./ui/element.ts";
import { problemOf } from "./ui/problem.ts";

/** Shows what fits: the first run, a letter's link, the door, or the links. */
async function show(): Promise<void> {
  try {
    const { needed } = await api.setupState();
    if (needed) return put(setupPage(() => void show()));
    const token = inviteToken();
    if (token !== null) return put(await invitePage(token, () => void show()));
    const link = linkOf(location.hash);
    if (link) return put(linkPage(link, leaveLink));
    const workspaces = hasKey() ? [] : await signedInTo();
    if (workspaces === null) return put(signInPage(() => void show()));
    put(linksPage(await api.workspace(), { workspaces, enter, signOut: () => void signOut() }));
  } catch (error) {
    put(unreachable(problemOf(error)));
  }
}

/** The workspaces of whoever is signed in, one of them chosen; null for nobody. One's personal one comes last. */
async function signedInTo(): Promise<Workspace[] | null> {
  if ((await api.session()) === null) return null;
  const workspaces = (await api.workspaces()).toSorted(
    (one, other) => Number(one.isPersonal) - Number(other.isPersonal),
  );
  const chosen = workspaces.find(({ id }) => id === chosenWorkspace()) ?? workspaces[0];
  if (!chosen) throw new Error("You are in no workspace yet. Ask somebody to invite you.");
  chooseWorkspace(chosen.id);
  return workspaces;
}

function enter(workspaceId: string): void {
  chooseWorkspace(workspaceId);
  void show();
}

/** What the link carried is used up, and must not come back with the next reload. */
function leaveLink(): void {
  history.replaceState(null, "", location.pathname);
  void show();
}

async function signOut(): Promise<void> {
  forgetKey();
  await api.signOut().catch(() => {});
  await show();
}

const put = (content: HTMLElement): void => {
  document.querySelector("#page")?.replaceChildren(content);
  content.querySelector<HTMLElement>("[data-first]")?.focus();
};

const unreachable = (problem: string): HTMLElement =>
  element(
    "main",
    { class: "card narrow" },
    element("h1", {}, "This did not work"),
    element("p", {}, problem),
    element("button", { class: "primary", on: { click: () => void show() } }, "Try again"),
    element("button", { class: "quiet", on: { click: () => void signOut() } }, "Sign out"),
  );

onRefused(() => void signOut());
addEventListener("hashchange", () => void show());
void show();
