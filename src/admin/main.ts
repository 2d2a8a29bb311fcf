import { api, forgetKey, hasKey, onRefused } from "./api.ts";
import { invitePage, inviteToken } from "./invites/page.ts";
import { signInPage } from "./keys/sign-in.ts";
import { linksPage } from "./links/page.ts";
import { setupPage } from "./setup/page.ts";
import { element } from "./ui/element.ts";
import { problemOf } from "./ui/problem.ts";

/** Shows what fits: the first run, the door, or the links. */
async function show(): Promise<void> {
  try {
    const { needed } = await api.setupState();
    if (needed) return put(setupPage(() => void show()));
    const token = inviteToken();
    if (token !== null) return put(await invitePage(token, () => void show()));
    if (!hasKey()) return put(signInPage(() => void show()));
    put(linksPage(await api.workspace(), signOut));
  } catch (error) {
    put(unreachable(problemOf(error)));
  }
}

function signOut(): void {
  forgetKey();
  void show();
}

const put = (content: HTMLElement): void => {
  document.querySelector("#page")?.replaceChildren(content);
  content.querySelector<HTMLElement>("[data-first]")?.focus();
};

const unreachable = (problem: string): HTMLElement =>
  element(
    "main",
    { class: "card narrow" },
    element("h1", {}, "The server does not answer"),
    element("p", {}, problem),
    element("button", { class: "primary", on: { click: () => void show() } }, "Try again"),
  );

onRefused(signOut);
addEventListener("hashchange", () => void show());
void show();
