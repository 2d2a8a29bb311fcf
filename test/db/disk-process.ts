import { statSync } from "node:fs";
import { openSqlite } from "../../src/db/sqlite.ts";
import { systemClock } from "../../src/lib/clock.ts";
import { silentLog } from "../../src/lib/log.ts";

/**
 * Writes to a database that exists, and says what it saw as one line of JSON:
 * `disk-process.ts PATH ROWS BYTES_PER_ROW CALLERS`.
 */
const [path, rows, bytes, callers] = [process.argv[2]!, ...process.argv.slice(3).map(Number)] as [
  string,
  number,
  number,
  number,
];
// Nobody else ends a process that waits for ever behind strace.
setTimeout(() => process.kill(process.pid, "SIGKILL"), 100_000).unref();
const db = await openSqlite({ path, clock: systemClock, log: silentLog });
const { idempotency } = db.tables;
const body = "x".repeat(bytes);

let walBytesMax = 0;
const ticker = setInterval(() => {
  walBytesMax = Math.max(walBytesMax, statSync(`${path}-wal`).size);
}, 5);

let next = 0;
const acknowledged: string[] = [];
const errors = new Set<string>();
async function caller(): Promise<void> {
  while (next < rows) {
    const id = String(next++);
    try {
      await db.transaction(async (tx) => {
        await tx
          .insert(idempotency)
          .values({ id, requestHash: "", status: 1, body, createdAt: tx.now, expiresAt: tx.now });
      });
      acknowledged.push(id);
    } catch (error) {
      errors.add(error instanceof Error && "code" in error ? String(error.code) : String(error));
    }
  }
}
await Promise.all(Array.from({ length: callers }, caller));
clearInterval(ticker);
const stored = await db.read.$count(idempotency);
const problem = db.problem();
await db.close();
console.log(
  JSON.stringify({
    acknowledged: acknowledged.length,
    stored,
    errors: [...errors],
    problem,
    walBytesMax,
  }),
);
process.exit(0);
