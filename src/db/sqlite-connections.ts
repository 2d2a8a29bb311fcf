import { Database as Connection } from "bun:sqlite";

/** The writer waits this long on the main thread for a foreign program's lock; then its turn waits instead. */
const WRITER_BUSY_MS = 20;
const READER_BUSY_MS = 1000;
/** `WAYP`: what `file` and backups may know the file by. */
const APPLICATION_ID = 0x57415950;

/**
 * The connection that writes. It never syncs and never checkpoints: `wal-thread.ts` does both elsewhere.
 * (`synchronous = normal` still syncs the header of an emptied log; `checkpoint.ts` sees to it that it is not
 * this connection that writes it.)
 */
export function connectWriter(path: string): Connection {
  const connection = new Connection(path, { create: true, strict: true });
  inWal(connection, path);
  connection.run("pragma synchronous = normal");
  connection.run(`pragma busy_timeout = ${WRITER_BUSY_MS}`);
  connection.run("pragma cache_size = -16000");
  return common(connection);
}

export function connectReader(path: string): Connection {
  const connection = new Connection(path, { readonly: true, strict: true });
  connection.run(`pragma busy_timeout = ${READER_BUSY_MS}`);
  connection.run("pragma cache_size = -32000");
  connection.run("pragma query_only = on");
  return common(connection);
}

/** The connection that checkpoints. It gives up at once when it is in anybody's way, and syncs all it writes. */
export function connectCheckpointer(path: string): Connection {
  const connection = new Connection(path, { create: true, strict: true });
  inWal(connection, path);
  connection.run("pragma synchronous = full");
  connection.run("pragma busy_timeout = 0");
  return common(connection);
}

/** Writes one page and changes nothing: a sign of life from the disk, and the first frame of an empty log. */
export function touch(connection: Connection): void {
  connection.run(`pragma application_id = ${APPLICATION_ID}`);
}

function common(connection: Connection): Connection {
  connection.run("pragma foreign_keys = on");
  connection.run("pragma wal_autocheckpoint = 0");
  connection.run("pragma temp_store = memory");
  connection.run("pragma trusted_schema = off");
  // As on Postgres. What is searched in is stored in lower case.
  connection.run("pragma case_sensitive_like = on");
  return connection;
}

function inWal(connection: Connection, path: string): void {
  const mode = connection
    .query<{ journal_mode: string }, []>("pragma journal_mode = wal")
    .get()?.journal_mode;
  if (mode !== "wal")
    throw new Error(`${path} cannot keep a write-ahead log. Move the data folder to a local disk.`);
}
