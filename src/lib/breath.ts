/**
 * For work that goes on for longer than a visitor should wait: to be awaited between its parts. Others have a word
 * whenever `stretchMs` have passed since the last time.
 */
export function openBreath(stretchMs = 1): () => Promise<void> | void {
  let from = performance.now();
  return () => {
    if (performance.now() - from < stretchMs) return;
    return new Promise<void>(setImmediate).then(() => {
      from = performance.now();
    });
  };
}
