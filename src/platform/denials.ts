import { Type as t } from "@sinclair/typebox";
import type { After, Clock } from "../lib/clock.ts";
import type { Logger } from "../lib/log.ts";
import type { Service } from "../lib/service.ts";
import type { Context } from "./context.ts";
import { change, defineEvent } from "./events.ts";
import { nullable } from "./schema.ts";

/** A person or a key was refused what they may not do. */
export const accessDenied = defineEvent(
  "access.denied",
  t.Object({
    method: t.String(),
    route: t.String({ description: "With parameters as `:name`." }),
    permission: nullable(t.String({ description: "What was lacking; null when it was something else." })),
    times: t.Integer({ description: "How often, since the last entry of this kind." }),
  }),
);

export interface Denial {
  readonly method: string;
  readonly route: string;
  readonly permission: string | null;
}

export interface Denials extends Service {
  /** Puts a refusal on record. It never fails, and waits for the disk at most once a kind and window. */
  note(ctx: Context, denial: Denial): Promise<void>;
  /** Resolves when what is due is on record. For tests. */
  settled(): Promise<void>;
}

/** Refusals of one caller at one route within it are one entry, or two: the first, and how many followed. */
const WINDOW_MS = 10 * 60_000;
/** Kinds that are remembered; the one that has waited longest goes first. */
const KINDS_MAX = 1000;
/** Entries a minute, whatever is tried by however many. */
const ENTRIES_PER_MINUTE = 60;

interface Kind {
  readonly since: number;
  /** Not on record yet. */
  more: number;
  readonly ctx: Context;
  readonly denial: Denial;
}

/**
 * Refused attempts belong into the audit log, and must not fill it: whoever is refused chooses how often they ask. So
 * they are counted, and what is written is bounded.
 */
export function openDenials({
  clock,
  log,
  after,
}: {
  readonly clock: Clock;
  readonly log: Logger;
  readonly after: After;
}): Denials {
  const kinds = new Map<string, Kind>();
  let minute = 0;
  let written = 0;
  let callOff: (() => void) | null = null;
  let sweeping: Promise<void> = Promise.resolve();

  function mayWrite(): boolean {
    const now = Math.floor(clock.now() / 60_000);
    if (now !== minute) [minute, written] = [now, 0];
    return written++ < ENTRIES_PER_MINUTE;
  }

  async function write({ ctx, denial }: Kind, times: number): Promise<void> {
    const { id } = ctx.actor;
    try {
      await change(ctx, async (tx) => tx.record(accessDenied, id, { ...denial, times }));
    } catch (error) {
      log.warning("a refusal could not be put on record", { actor: id, ...denial, times, error });
    }
  }

  /** What has been counted and not told, of kinds whose window is over, or of all. */
  async function sweep(all = false): Promise<void> {
    const over = [...kinds].filter(([, kind]) => all || clock.now() - kind.since >= WINDOW_MS);
    for (const [key, kind] of over) {
      kinds.delete(key);
      if (kind.more > 0) await write(kind, kind.more);
    }
  }

  function sweepLater(): void {
    callOff ??= after(WINDOW_MS, () => {
      callOff = null;
      sweeping = sweep().then(() => void (kinds.size > 0 && sweepLater()));
    });
  }

  function forgetOldest(): void {
    const [key, kind] = kinds.entries().next().value!;
    kinds.delete(key);
    if (kind.more > 0)
      log.warning("refusals were not put on record", { actor: kind.ctx.actor.id, times: kind.more });
  }

  return {
    name: "denials",
    async note(ctx, denial) {
      const { workspaceId, id } = ctx.actor;
      const key = [workspaceId, id, denial.method, denial.route, denial.permission].join(" ");
      const known = kinds.get(key);
      if (known && clock.now() - known.since < WINDOW_MS) return void known.more++;
      if (!known && kinds.size >= KINDS_MAX) forgetOldest();
      const kind: Kind = { since: clock.now(), more: known?.more ?? 0, ctx, denial };
      kinds.delete(key);
      kinds.set(key, kind);
      sweepLater();
      if (!mayWrite()) return void kind.more++;
      const times = kind.more + 1;
      kind.more = 0;
      await write(kind, times);
    },
    settled: () => sweeping,
    async start() {},
    async stop() {
      callOff?.();
      callOff = null;
      await sweeping;
      await sweep(true);
    },
  };
}
