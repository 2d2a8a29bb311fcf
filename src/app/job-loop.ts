import type { JobLoop } from "../platform/context.ts";

/**
 * The job loop for those who are made before it. It is an object of its own, because the ports are copied for every call,
 * and to copy what has a getter is slow.
 */
export const jobLoopLater = (worker: () => JobLoop): JobLoop => ({
  enqueued: (jobs) => worker().enqueued(jobs),
  cancel: (id) => worker().cancel(id),
  watch: (id, changed) => worker().watch(id, changed),
  queueOf: (name) => worker().queueOf(name),
  get stopping() {
    return worker().stopping;
  },
});
