import { defineTask } from "../jobs/job.ts";

/** The least that a thread can be asked, so that it is known before it matters whether tasks get one here. */
export const selfTest = defineTask<readonly number[], number>("worker.self-test");

export const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0);
