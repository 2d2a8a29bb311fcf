/** Fails when a transaction's work takes longer than that; what has not ended by then may wait for itself. */
export function within<T>(ms: number, work: Promise<T>): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  const timer = setTimeout(() => {
    reject(
      new Error(
        `A transaction took longer than ${ms} ms and was rolled back. Its work may wait for nothing but its tx.`,
      ),
    );
  }, ms);
  work.then(
    (value) => {
      clearTimeout(timer);
      resolve(value);
    },
    (error: unknown) => {
      clearTimeout(timer);
      reject(error);
    },
  );
  return promise;
}
