import type { Signals } from "../../db/database.ts";
import type { After } from "../../lib/clock.ts";
import type { Id } from "../../lib/ids.ts";
import type { Logger } from "../../lib/log.ts";

/** What processes on one database tell each other. A word that is lost costs a second and nothing else. */
export interface Words {
  /** There is work in these queues. */
  work(queues: Iterable<string>): void;
  cancel(id: Id<"job">): void;
  start(): Promise<void>;
  stop(): Promise<void>;
}

const CHANNEL = "waypost_jobs";
const CANCEL = "cancel ";
/** Between two words about the same queue. */
const TELL_EVERY_MS = 50;

interface WordsOptions {
  readonly signals: Signals | null;
  readonly after: After;
  readonly log: Logger;
  heardWork(queue: string): void;
  heardCancel(id: Id<"job">): void;
}

export function openWords({ signals, after, log, heardWork, heardCancel }: WordsOptions): Words {
  const about = new Set<string>();
  let deaf = async () => {};
  let stopped = false;

  const hear = (text: string): void => {
    if (text.startsWith(CANCEL)) heardCancel(text.slice(CANCEL.length) as Id<"job">);
    else heardWork(text);
  };
  return {
    work(queues) {
      if (signals === null) return;
      for (const queue of queues) {
        if (about.has(queue)) continue;
        about.add(queue);
        after(TELL_EVERY_MS, () => {
          about.delete(queue);
          if (!stopped) signals.send(CHANNEL, queue);
        });
      }
    },
    cancel: (id) => signals?.send(CHANNEL, CANCEL + id),
    async start() {
      if (signals === null) return;
      try {
        deaf = await signals.listen(CHANNEL, hear);
      } catch (error) {
        log.warning("other processes cannot be heard; the database is asked every second", { error });
      }
    },
    async stop() {
      stopped = true;
      await deaf().catch(() => {});
    },
  };
}
