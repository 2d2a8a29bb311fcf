import { openColumns } from "../../../src/clicks/columns/store.ts";
import { type Counter, openCounter } from "../../../src/clicks/counter.ts";
import { openControl } from "../../../src/clicks/journal/control.ts";
import type { FromCounter } from "../../../src/clicks/messages.ts";
import type { ClickStore } from "../../../src/clicks/store.ts";
import { INSTALLATION } from "./journal.ts";

/** A counter in this thread, on a folder nobody writes to any more unless `control` is a writer's; what it told is in `told`. */
export async function countLeft(
  dataDir: string,
  store: ClickStore = openColumns(dataDir),
  control = openControl(),
  /** How often folding fails before it gets through. */
  failures = 0,
): Promise<{ counter: Counter; store: ClickStore; told: FromCounter[]; quarantined(): number }> {
  const told: FromCounter[] = [];
  const counter = await openCounter(
    { role: "counter", control: control.memory, dataDir, installation: INSTALLATION, foldEveryMs: 1 },
    store,
    (message) => told.push(message),
  );
  for (let i = 0; i < failures; i++) await counter.ask({ name: "settled" }).catch(() => {});
  await counter.ask({ name: "settled" });
  const quarantined = () => {
    const last = told.findLast((message) => message.kind === "progress");
    return last?.kind === "progress" ? last.progress.quarantined : 0;
  };
  return { counter, store, told, quarantined };
}
