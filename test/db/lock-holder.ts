import { lockFolder } from "../../src/db/lock.ts";

/** Holds the lock of a folder until it is killed: `lock-holder.ts FOLDER`. */
try {
  lockFolder(process.argv[2]!);
  console.log("held");
  // Not for ever: a test that fails forgets it.
  setTimeout(() => {}, 1120_000);
} catch (error) {
  console.log(error instanceof Error ? `${error.name}: ${error.message}` : error);
}
