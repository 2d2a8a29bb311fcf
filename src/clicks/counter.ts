import { openFolding } from "./folding.ts";
import { openControl } from "./journal/control.ts";
import type { Ask, CounterInit, FromCounter } from "./messages.ts";
import type { ClickStore, JournalPosition } from "./store.ts";

const RETRY_MS = 1000;

/** The click store's thread: folds the journal into the store, and answers what is asked of it. */
export interface Counter {
  /** Number for the first segment of this process. */
  readonly next: number;
  /** There is something to fold again. */
  wake(): void;
  ask(ask: Ask): Promise<unknown>;
}

/** @throws JournalError when the journal must not be touched by this version */
export async function openCounter(
  init: CounterInit,
  store: ClickStore,
  tell: (message: FromCounter) => void,
): Promise<Counter> {
  const control = openControl(init.control);
  // Before anything is folded.
  const sequenceAtStart = await store.sequence();
  const folding = await openFolding({ ...init, control }, store, tell);
  let problem: string | null = null;
  let timer: Timer | null = null;
  let stopped = false;

  /** Folds up to `target` at least, with a breath between batches for questions. */
  async function foldTo(target: JournalPosition | null): Promise<void> {
    while (folding.isBehind(target) && (await folding.step())) {
      report();
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  const report = () => tell({ kind: "progress", progress: { ...folding.state(), problem } });

  /** One fold at a time, in the order they were asked for. */
  let turn: Promise<void> = Promise.resolve();
  function fold(): Promise<void> {
    const target = control.end();
    const mine = turn.then(() => foldTo(target));
    turn = mine.catch(() => {});
    return mine.then(
      () => setProblem(null),
      (error: Error) => {
        setProblem(`Clicks are kept in the journal but not counted: ${error.message}`);
        throw error;
      },
    );
  }

  function setProblem(next: string | null): void {
    if (next === problem) return;
    problem = next;
    report();
    const facts = { problem: next };
    if (next === null) tell({ kind: "log", level: "info", message: "Clicks are counted again", facts: {} });
    else tell({ kind: "log", level: "error", message: "Clicks cannot be counted", facts });
  }

  function schedule(afterMs: number): void {
    if (stopped || timer !== null) return;
    timer = setTimeout(() => {
      timer = null;
      fold().then(rest, () => schedule(RETRY_MS));
    }, afterMs);
  }

  /** Sleeps when there is nothing to fold; the writer's next record wakes. */
  function rest(): void {
    if (!folding.isBehind(control.end())) control.sleep("counter");
    // Looked at again: a record may have come before the sleep was seen.
    if (folding.isBehind(control.end())) schedule(init.foldEveryMs);
  }

  async function stop(): Promise<void> {
    stopped = true;
    if (timer !== null) clearTimeout(timer);
    try {
      await fold();
      await folding.finish();
    } finally {
      await store.close();
    }
  }

  async function ask(what: Ask): Promise<unknown> {
    switch (what.name) {
      case "query":
        return store.query(what.question);
      case "totals":
        return store.totals(what.linkIds);
      case "totalsSince":
        return store.totalsSince(what.sequence, what.limit);
      case "forget":
        await fold();
        return store.forget(what.what);
      case "sequenceAtStart":
        return sequenceAtStart;
      case "note":
        return store.note(what.run, what.dropped);
      case "ledger":
        await fold();
        return store.ledger(what.workspaceId, what.from, what.to);
      case "settled":
        await fold();
        return store.settled();
      case "clicksOf": {
        await fold();
        const [totals] = await store.totals([what.linkId]);
        return totals?.clicks ?? 0;
      }
      case "stop":
        return stop();
    }
  }

  schedule(0);
  return { next: folding.next, wake: () => schedule(init.foldEveryMs), ask };
}
