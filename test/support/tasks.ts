import { serveTasks } from "../../src/platform/worker/threads.ts";

/** Tasks that do what tasks may do. */
serveTasks({
  "test.add": async () => (numbers: number[], progress) => {
    progress(0.5, "half");
    return numbers.reduce((sum, one) => sum + one, 0);
  },
  "test.throw": async () => () => {
    throw new RangeError("out of range");
  },
  "test.exit": async () => () => process.exit(3),
  "test.hang": async () => () => {
    for (;;);
  },
  "test.flood": async () => () => {
    const kept: number[][] = [];
    for (;;) kept.push(new Array(1000).fill(Math.random()));
  },
});
