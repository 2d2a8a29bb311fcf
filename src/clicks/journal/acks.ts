import type { JournalPosition } from "../store.ts";
import { isBefore } from "./control.ts";

interface Group {
  readonly segment: number;
  offset: number;
  readonly promise: Promise<void>;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/**
 * Visits that wait for the sync that covers them. They wait in groups, one promise each: whatever is recorded
 * while one sync runs shares the next.
 */
export interface Acks {
  /** Resolves when the journal is synced up to `offset` of `segment`; rejects when that segment has failed. */
  wait(segment: number, offset: number): Promise<void>;
  synced(upTo: JournalPosition): void;
  /** The segment will never be synced, nor any before it that is not yet: whoever waits for it is told. */
  failed(segment: number, error: Error): void;
}

export function openAcks(): Acks {
  let waiting: Group[] = [];
  /** The group that still takes in visits; the last of `waiting`. */
  let open: Group | null = null;

  function release(isDone: (group: Group) => boolean, how: (group: Group) => void): void {
    // Closed, so that a group under steady load does not grow away from every sync.
    open = null;
    const done = waiting.filter(isDone);
    if (done.length > 0) waiting = waiting.filter((group) => !isDone(group));
    for (const group of done) how(group);
  }

  return {
    wait(segment, offset) {
      if (open !== null && open.segment === segment) {
        open.offset = offset;
        return open.promise;
      }
      open = { segment, offset, ...Promise.withResolvers<void>() };
      waiting.push(open);
      return open.promise;
    },
    synced: (upTo) =>
      release(
        (group) => !isBefore(upTo, group),
        (group) => group.resolve(),
      ),
    failed: (segment, error) =>
      release(
        (group) => group.segment <= segment,
        (group) => group.reject(error),
      ),
  };
}
