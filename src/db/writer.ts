import type { Database as Connection, Statement } from "bun:sqlite";
import { openBreath } from "../lib/breath.ts";
import type { Clock } from "../lib/clock.ts";
import { begin } from "./begin.ts";
import { type Compiled, compileQuery } from "./compiled.ts";
import type { Build, Queries, Tx } from "./database.ts";
import { isReading, openKnown } from "./known.ts";
import type { Tables } from "./schema/tables.ts";
import type { Statements } from "./statements.ts";
import { within } from "./within.ts";

export interface Writer {
  /**
   * Runs `work` in a transaction; nobody else may be writing. Whatever is thrown, by whomever, nothing of it stays.
   * Those who write while the disk is busy share a commit: it writes each page once for all of them. The promise
   * resolves when the work has had its turn, and what it resolves to is the transaction that it is a part of.
   */
  alone<T>(work: (tx: Tx) => Promise<T>, options?: { readonly isUrgent?: boolean }): Promise<Joined<T>>;
  /** Whether something waits for its commit. */
  isOpen(): boolean;
  /** Commits what is open. In a turn of one's own. */
  finish(): void;
  /** Takes back what is open: nobody may be told that it was stored. In a turn of one's own. */
  abandon(error: unknown): void;
}

export interface Joined<T> {
  /** Resolves when the work has been committed, and rejects when it is lost with the others. */
  readonly committed: Promise<void>;
  /** What the work answered. Ask after the commit. */
  result(): T;
}

interface Group {
  size: number;
  /** Those who are done, in order. */
  readonly members: Member[];
  /** Somebody in it does not wait for the disk. */
  isUrgent: boolean;
  readonly committed: PromiseWithResolvers<void>;
  timer: Timer | null;
}

interface Member {
  readonly work: (tx: Tx) => Promise<unknown>;
  outcome: { readonly value: unknown } | { readonly error: unknown };
}

/** A group stays open no longer, however long the disk takes: others may want to write to the file, too. */
const OPEN_MS = 10;
/** Nobody waits for more than so many others. */
const GROUP_MAX = 64;

interface WriterOptions {
  readonly connection: Connection;
  readonly statements: Statements;
  readonly clock: Clock;
  /** Longest that `work` may take. */
  readonly turnMs: number;
  readonly tables: Tables;
  /** Throws when nothing may be written any more. Asked when the turn comes. */
  refuse(): void;
  /** Whether another transaction waits right behind. */
  nextJoins(): boolean;
  /** The disk is at work for those before: what is committed now waits until it has done, and gains nothing by haste. */
  isSyncing(): boolean;
  /** Asks for a turn that joins nobody. */
  askTurn(): void;
  /** Queries that compile their statements so. */
  queries(prepare: (text: string) => Statement): Queries;
}

/** Drizzle's own `transaction` commits at the first `await` on bun:sqlite, so we speak BEGIN and COMMIT ourselves. */
export function openWriter({
  connection,
  statements,
  tables,
  clock,
  turnMs,
  refuse,
  nextJoins,
  isSyncing,
  askTurn,
  queries,
}: WriterOptions): Writer {
  const compiled = new Map<Build<unknown>, Compiled>();
  const known = openKnown();
  const say = {
    begin: statements.lasting("begin immediate"),
    commit: statements.lasting("commit"),
    rollback: statements.lasting("rollback"),
    savepoint: statements.lasting("savepoint one"),
    release: statements.lasting("release one"),
    takeBack: statements.lasting("rollback to one"),
    dataVersion: statements.lasting("pragma data_version"),
  };
  const dataVersion = (): number => (say.dataVersion.values()[0] as [number])[0];

  function compile(build: Build<unknown>): Compiled {
    const made = compileQuery((prepare) => build(queries(prepare), tables), statements);
    compiled.set(build, made);
    return made;
  }
  const compiledOf = (build: Build<unknown>): Compiled => compiled.get(build) ?? compile(build);

  let group: Group | null = null;

  async function alone<T>(
    work: (tx: Tx) => Promise<T>,
    { isUrgent = false }: { readonly isUrgent?: boolean } = {},
  ): Promise<Joined<T>> {
    try {
      refuse();
      const joined = await join();
      joined.isUrgent ||= isUrgent;
      const member: Member = { work, outcome: { value: await inside(work, joined) } };
      joined.members.push(member);
      return { result: () => resultOf(member) as T, committed: joined.committed.promise };
    } finally {
      if (group) finishOrWait(group);
    }
  }

  function finishOrWait(joined: Group): void {
    const isFull = joined.size >= GROUP_MAX;
    if (!isFull && nextJoins()) return;
    if (isFull || joined.isUrgent || !isSyncing()) finish();
    else joined.timer ??= setTimeout(askTurn, OPEN_MS);
  }

  async function join(): Promise<Group> {
    if (group === null) {
      await open();
      group = {
        size: 0,
        members: [],
        isUrgent: false,
        committed: Promise.withResolvers<void>(),
        timer: null,
      };
      group.committed.promise.catch(() => {});
    }
    group.size++;
    return group;
  }

  async function open(): Promise<void> {
    await begin(say.begin);
    known.begun(dataVersion());
  }

  function finish(): void {
    if (group === null) return;
    const { committed, timer } = group;
    group = null;
    if (timer) clearTimeout(timer);
    try {
      // The disk may have failed since they wrote.
      refuse();
      say.commit.run();
      committed.resolve();
    } catch (error) {
      if (connection.inTransaction) say.rollback.run();
      committed.reject(error);
    }
    known.ended();
  }

  function abandon(error: unknown): void {
    if (connection.inTransaction) say.rollback.run();
    if (group?.timer) clearTimeout(group.timer);
    group?.committed.reject(error);
    group = null;
    known.ended();
  }

  /** One of a group takes back what is his alone; where SQLite has given up the whole, it is lost to all. */
  async function takeBack(
    error: unknown,
    { isSaved, hasWritten }: Trace,
    joined: Group | null,
  ): Promise<void> {
    if (!connection.inTransaction) return void abandon(error);
    if (isSaved) {
      say.takeBack.run();
      say.release.run();
    } else if (hasWritten && joined) await runAgain(joined);
  }

  /** Without what somebody has left behind. */
  async function runAgain({ members }: Group): Promise<void> {
    say.rollback.run();
    known.ended();
    try {
      await open();
    } catch (error) {
      return void abandon(error);
    }
    for (const member of members) {
      member.outcome = await inside(member.work, null).then(
        (value) => ({ value }),
        (error: unknown) => ({ error }),
      );
      if (!connection.inTransaction) return;
    }
  }

  /**
   * A savepoint costs a copy of every page that is written behind it. Compiled queries are for those who write at volume,
   * and who find what is wrong before they write or in doing so, which leaves nothing: they go without. Should one fail
   * in spite of that when he has written, the others run again without him.
   * @param joined null for whoever runs again: he has a savepoint in any case
   */
  async function inside<T>(work: (tx: Tx) => Promise<T>, joined: Group | null): Promise<T> {
    let live = true;
    const breathe = openBreath();
    const trace: Trace = { isSaved: false, hasWritten: false };
    const save = () => {
      if (trace.isSaved || trace.hasWritten) return;
      say.savepoint.run();
      trace.isSaved = true;
    };
    if (joined === null) save();
    const check = () => {
      // A query that is awaited too late would be a transaction of its own, or part of somebody else's.
      if (!live) throw new Error("A transaction was used after its end. Await every query inside its work.");
    };
    let made: Queries | null = null;
    const ad = () => {
      made ??= queries((text) => {
        check();
        if (!isReading(text)) {
          known.writing(text);
          save();
        }
        return statements.passing(text);
      });
      return made;
    };
    // Drizzle is made only for whom it serves: many transactions run nothing but compiled queries.
    const tx = {
      now: clock.now(),
      run: async (build: Build<unknown>, parameters: Record<string, unknown>) => {
        check();
        const { text, execute } = compiledOf(build);
        if (text === null) return execute(parameters);
        known.writing(text);
        const rows = execute(parameters);
        trace.hasWritten = true;
        return rows;
      },
      runEach: async (build: Build, parameters: readonly Record<string, unknown>[]) => {
        check();
        const { text, execute } = compiledOf(build);
        if (text === null) throw new Error("runEach is for queries that write");
        known.writing(text);
        for (const one of parameters) {
          const pause = breathe() ?? null;
          if (pause !== null) await pause;
          check();
          execute(one);
          trace.hasWritten = true;
        }
      },
      known: async (build: Build<unknown>, parameters: Record<string, unknown>) => {
        check();
        return known.rows(build, parameters, () => compiledOf(build).execute(parameters));
      },
      select: (...parts: Parameters<Queries["select"]>) => ad().select(...parts),
      selectDistinct: (...parts: Parameters<Queries["selectDistinct"]>) => ad().selectDistinct(...parts),
      $count: (...parts: Parameters<Queries["$count"]>) => ad().$count(...parts),
      insert: (...parts: Parameters<Queries["insert"]>) => ad().insert(...parts),
      update: (...parts: Parameters<Queries["update"]>) => ad().update(...parts),
      delete: (...parts: Parameters<Queries["delete"]>) => ad().delete(...parts),
    } as unknown as Tx;
    try {
      const result = await within(turnMs, work(tx));
      live = false;
      if (trace.isSaved) say.release.run();
      return result;
    } catch (error) {
      live = false;
      await takeBack(error, trace, joined);
      throw error;
    }
  }
  return { alone, isOpen: () => group !== null, finish, abandon };
}

/** What a transaction in a group has done so far. */
interface Trace {
  isSaved: boolean;
  hasWritten: boolean;
}

function resultOf({ outcome }: Member): unknown {
  if ("error" in outcome) throw outcome.error;
  return outcome.value;
}
