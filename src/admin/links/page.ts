import type { Workspace } from "../api.ts";
import { element } from "../ui/element.ts";
import { createForm } from "./create.ts";
import { openDetail } from "./detail.ts";
import { linkList } from "./list.ts";

/** The page of a workspace: make a link, and see what became of all of them. */
export function linksPage(
  workspace: Workspace,
  {
    workspaces,
    enter,
    signOut,
  }: {
    /** Where else whoever is signed in may go; none for a key, which has one workspace. */
    readonly workspaces: readonly Workspace[];
    enter(workspaceId: string): void;
    signOut(): void;
  },
): HTMLElement {
  const list = linkList((link) => openDetail(link, list.refresh));
  return element(
    "div",
    { class: "frame" },
    element(
      "header",
      { class: "top" },
      element("p", { class: "brand" }, "Waypost"),
      workspaces.length > 1
        ? chooser(workspace, workspaces, enter)
        : element("p", { class: "workspace" }, workspace.name),
      element("a", { href: "/api/v1/docs", class: "quiet" }, "API"),
      element("button", { type: "button", class: "quiet", on: { click: signOut } }, "Sign out"),
    ),
    element(
      "main",
      {},
      element("h1", { class: "unseen" }, `Links of ${workspace.name}`),
      createForm((link) => list.created(link)),
      list.section,
    ),
  );
}

function chooser(
  workspace: Workspace,
  workspaces: readonly Workspace[],
  enter: (workspaceId: string) => void,
): HTMLElement {
  const select = element(
    "select",
    { class: "workspace", "aria-label": "Workspace", on: { change: () => enter(select.value) } },
    ...workspaces.map(({ id, name }) => element("option", { value: id }, name)),
  );
  select.value = workspace.id;
  return select;
}
