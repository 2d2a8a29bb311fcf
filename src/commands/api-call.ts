import { print } from "../lib/log.ts";
import { type Call, DONE, Failed, Misuse, type Option } from "./command.ts";
import type { Send } from "./local.ts";

/** Options of every command that speaks to the API. */
export const apiOptions: Readonly<Record<string, Option>> = {
  workspace: { value: "ID", about: "The workspace, by id or name; needed only when there are several." },
  json: { about: "The API's data as JSON." },
};

export interface Workspace {
  readonly id: string;
  readonly name: string;
}

/** Asks the API of this installation, in a workspace where one is needed, and prints what it answers. */
export async function askApi<T>(
  call: Call,
  ask: (send: Ask, workspace: () => Promise<string>) => Promise<T>,
  show: (data: T) => string,
): Promise<number> {
  const { withLocalApi } = await import("./local.ts");
  const data = await withLocalApi(call.config(), (send) => {
    const asking = asker(send);
    return ask(asking, () => chosenWorkspace(asking, call.text("workspace")));
  });
  print(call.has("json") ? JSON.stringify(data, null, 2) : show(data));
  return DONE;
}

/** Answers the envelope's data. @throws Failed in the API's own words */
export type Ask = <T>(method: string, path: string, body?: unknown, workspaceId?: string) => Promise<T>;

export const asker =
  (send: Send): Ask =>
  async <T>(method: string, path: string, body?: unknown, workspaceId?: string): Promise<T> => {
    const answer = await send(method, path, body, workspaceId);
    const envelope = answer.body as Envelope<T>;
    if (answer.status < 400) return envelope.data;
    const details = envelope.error?.details ?? [];
    throw new Failed(
      details.length > 1
        ? [envelope.message, ...details.map(({ message }) => `  ${message}`)].join("\n")
        : envelope.message,
    );
  };

interface Envelope<T> {
  readonly data: T;
  readonly message: string;
  readonly error?: { readonly details: readonly { readonly message: string }[] };
}

/** The id of the workspace that is meant, or of the only one that is nobody's personal one. @throws Misuse */
export async function chosenWorkspace(ask: Ask, wanted: string | undefined): Promise<string> {
  const query = wanted === undefined ? "personal=false" : `named=${encodeURIComponent(wanted)}`;
  const found = await ask<Workspace[]>("GET", `/installation/workspaces?${query}&limit=${SHOWN}`);
  const [one, ...others] = found;
  if (one && others.length === 0) return one.id;
  const all =
    found.length > 0 ? found : await ask<Workspace[]>("GET", `/installation/workspaces?limit=${SHOWN}`);
  const list = all.map(({ id, name }) => `  ${id}  ${name}`).join("\n");
  if (wanted === undefined)
    throw new Misuse(`There are several workspaces. Choose one with --workspace:\n${list}`);
  throw new Misuse(
    `${one ? "Several workspaces are" : "No workspace is"} named "${wanted}". There are:\n${list}`,
  );
}

const SHOWN = 50;

/** Lines with aligned columns; the first row is the head. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, i) => Math.max(...rows.map((row) => Bun.stringWidth(row[i] ?? ""))));
  const pad = (text: string, width: number) => text + " ".repeat(Math.max(0, width - Bun.stringWidth(text)));
  return rows
    .map((row) =>
      row
        .map((text, i) => pad(text, widths[i]!))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}
