import { Refusal } from "../api.ts";
import { element } from "./element.ts";
import { problemOf } from "./problem.ts";

export interface FieldOptions {
  readonly name: string;
  readonly label: string;
  readonly hint?: string;
  readonly control: HTMLInputElement | HTMLSelectElement;
}

/** A control with its label, a hint, and the place where the server's complaint about it appears. */
export function field({ name, label, hint, control }: FieldOptions): HTMLElement {
  const id = `field-${name}`;
  const hinted = hint === undefined ? [] : [`${id}-hint`];
  control.id = id;
  control.name = name;
  control.setAttribute("aria-describedby", [...hinted, `${id}-problem`].join(" "));
  return element(
    "div",
    { class: "field", "data-field": name },
    element("label", { for: id }, label),
    control,
    hint === undefined ? null : element("p", { id: `${id}-hint`, class: "hint" }, hint),
    element("p", { id: `${id}-problem`, class: "problem" }),
  );
}

/** Runs `send` on submit: one at a time, complaints shown where they belong and the first of them focused. */
export function submits(form: HTMLFormElement, send: () => Promise<void>): void {
  const general = element("p", { class: "problem general", role: "alert" });
  form.append(general);
  form.noValidate = true;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const buttons = form.querySelectorAll<HTMLButtonElement>("button[type=submit]");
    clear(form);
    for (const button of buttons) button.disabled = true;
    try {
      refuseMissing(form);
      await send();
    } catch (error) {
      complain(form, general, error);
    } finally {
      for (const button of buttons) button.disabled = false;
    }
  });
}

/** The text of a field; undefined when it was left empty, which to the API means "not given". */
export function textOf(form: HTMLFormElement, name: string): string | undefined {
  const value = new FormData(form).get(name);
  return typeof value === "string" && value.trim() !== "" ? value.trim() : undefined;
}

function complain(form: HTMLFormElement, general: HTMLElement, error: unknown): void {
  const fields = error instanceof Refusal ? error.fields : new Map<string, string>();
  let first: HTMLElement | null = null;
  for (const [name, message] of fields) {
    const place = form.querySelector(`[data-field="${CSS.escape(name)}"]`);
    const control = place?.querySelector<HTMLElement>("input, select");
    if (!place || !control) continue;
    place.querySelector(".problem")!.textContent = named(message, name, place.querySelector("label"));
    control.setAttribute("aria-invalid", "true");
    place.closest("details")?.setAttribute("open", "");
    first ??= control;
  }
  if (first) first.focus();
  else general.textContent = problemOf(error);
}

/** The server names a field as the API does; a person knows it by its label. */
const named = (message: string, name: string, label: Element | null): string =>
  message.startsWith(`${name} `) ? `${label?.textContent} ${message.slice(name.length + 1)}` : message;

function refuseMissing(form: HTMLFormElement): void {
  const missing = [...form.querySelectorAll<HTMLInputElement>("input[required]")].filter(
    ({ value }) => value.trim() === "",
  );
  if (missing.length > 0)
    throw new Refusal(
      400,
      "",
      missing.map(({ name }) => ({ path: `/${name}`, message: `${name} is missing` })),
    );
}

function clear(form: HTMLFormElement): void {
  for (const place of form.querySelectorAll(".problem")) place.textContent = "";
  for (const control of form.querySelectorAll("[aria-invalid]")) control.removeAttribute("aria-invalid");
}
