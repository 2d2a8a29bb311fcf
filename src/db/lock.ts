import { Database as Connection } from "bun:sqlite";
import { join } from "node:path";

export interface FolderLock {
  release(): void;
}

/** Another process already serves from this folder. */
export class DataFolderInUse extends Error {
  override readonly name = "DataFolderInUse";
}

/** A process that is on its way out may still hold the lock for a moment. */
const WAIT_MS = 500;

/**
 * One data folder, one process. The lock is SQLite's own on an empty file: the kernel keeps it, so it ends with
 * the process whatever ends that, it leaves nothing to clean up, and it holds between containers that share the
 * folder, where a process id in a file would mean nothing. (A lock on a socket would not: containers have
 * networks of their own.)
 *
 * What must stay true: nothing in this process opens `waypost.lock`, or `waypost.db`, except through SQLite.
 * Closing any descriptor of a file gives up all the process's locks on it.
 * @throws DataFolderInUse
 */
export function lockFolder(folder: string): FolderLock {
  const connection = locked(folder);
  held.add(connection);
  return {
    release() {
      held.delete(connection);
      connection.close();
    },
  };
}

/** Whoever forgets the lock he was given must not lose it to the garbage collector. */
const held = new Set<Connection>();

function locked(folder: string): Connection {
  let connection: Connection | null = null;
  try {
    connection = new Connection(join(folder, "waypost.lock"), { create: true });
    connection.run(`pragma busy_timeout = ${WAIT_MS}`);
    connection.run("begin exclusive");
    return connection;
  } catch (error) {
    connection?.close();
    throw isBusy(error) ? inUse(folder, error) : unlockable(folder, error);
  }
}

const inUse = (folder: string, cause: unknown): DataFolderInUse =>
  new DataFolderInUse(
    `Another Waypost process is using the folder ${folder}. Stop that one first, or give this one a folder of its own with WAYPOST_DATA_DIR.`,
    { cause },
  );

const unlockable = (folder: string, cause: unknown): Error =>
  new Error(`The folder ${folder} cannot be locked. It must be writable, on a file system with locks.`, {
    cause,
  });

const isBusy = (error: unknown): boolean =>
  error instanceof Error && "code" in error && String(error.code).startsWith("SQLITE_BUSY");
