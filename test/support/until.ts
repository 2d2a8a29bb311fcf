/** Generous: a machine may be busy with other things, and only a test that fails waits so long. */
const WITHIN_MS = 60_000;

/** Waits until it holds, looking every few milliseconds. */
export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  for (const end = performance.now() + WITHIN_MS; performance.now() < end; await Bun.sleep(2))
    if (await holds()) return;
  throw new Error(`It did not hold within ${WITHIN_MS} ms: ${holds}`);
}
