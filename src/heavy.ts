/** Starts the thread that tasks run on. It stands beside its file, for in the executable all files lie in one folder. */
export const startHeavyThread = (): Worker =>
  new Worker(new URL("./heavy-worker.ts", import.meta.url), { name: "heavy" });
