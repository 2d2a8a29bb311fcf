import { type Child, element } from "../ui/element.ts";

/** The one shape of everything before the door. */
export const card = (title: string, ...children: Child[]): HTMLElement =>
  element(
    "main",
    { class: "card narrow" },
    element("p", { class: "brand" }, "Waypost"),
    element("h1", {}, title),
    ...children,
  );

/** Puts one page in the place of another, and the person at its beginning. */
export function swap(old: Element, next: HTMLElement): void {
  old.replaceWith(next);
  next.querySelector<HTMLElement>("[data-first]")?.focus();
}
