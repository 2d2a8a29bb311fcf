import type { Counter } from "./counter.ts";
import type { Keeper } from "./journal/keeper.ts";
import type { CounterInit, FromCounter, FromKeeper, ToCounter, ToKeeper } from "./messages.ts";

/**
 * The second entry point of the executable. It runs as two threads: the keeper makes and syncs the journal's
 * segments, the counter folds them and answers questions. They are apart because a question may take seconds,
 * and a sync must not wait for it. What a thread does not need it does not load.
 */
declare const self: {
  onmessage: ((event: { data: ToKeeper & ToCounter }) => void) | null;
  postMessage(message: FromKeeper | FromCounter): void;
};

const tell = (message: FromKeeper | FromCounter): void => self.postMessage(message);

self.onmessage = ({ data }: { data: ToKeeper | ToCounter }) => {
  if (!("role" in data)) throw new Error(`a click thread was sent ${data.kind} before its role`);
  if (data.role === "keeper")
    void import("./journal/keeper.ts").then(({ openKeeper }) => keep(openKeeper(data, tell)));
  else void openStore(data);
};

function keep(keeper: Keeper): void {
  self.onmessage = ({ data }: { data: ToKeeper }) => {
    if ("role" in data) return;
    if (data.kind === "wake") keeper.wake();
    else if (data.kind === "taken") keeper.taken();
    else if (data.kind === "salt") keeper.keepSalt(data.salt, data.to);
    else void keeper.stop();
  };
}

async function openStore(init: CounterInit): Promise<void> {
  try {
    const [{ openCounter }, { openColumns }] = await Promise.all([
      import("./counter.ts"),
      import("./columns/store.ts"),
    ]);
    const report = (message: string, facts: Readonly<Record<string, unknown>>) =>
      tell({ kind: "log", level: "error", message, facts });
    const counter = await openCounter(init, openColumns(init.dataDir, { report }), tell);
    serve(counter);
    tell({ kind: "opened", next: counter.next });
  } catch (error) {
    const { code = "CLICKS_UNAVAILABLE", message } = error as Error & { code?: string };
    tell({ kind: "refused", code, message });
  }
}

function serve(counter: Counter): void {
  self.onmessage = ({ data }: { data: ToCounter }) => {
    if ("role" in data) return;
    if (data.kind === "wake") {
      counter.wake();
      return;
    }
    const { call } = data;
    counter.ask(data.ask).then(
      (answer) => tell({ kind: "answer", call, answer }),
      (error: Error) => tell({ kind: "failed", call, message: error.message }),
    );
  };
}
