import type { Config } from "../../config.ts";
import type { Environment } from "../command.ts";

/** What one look at one thing found. */
export interface Finding {
  readonly check: string;
  /** `fail`: it will not work. `warn`: it works, but not as well or as safely as it should. */
  readonly state: "ok" | "warn" | "fail";
  readonly says: string;
  /** What to do about it; every warning and failure has one. */
  readonly fix?: string;
}

/** What the checks look at. */
export interface Patient {
  readonly config: Config;
  readonly env: Environment;
  /** The data folder, absolute. */
  readonly dataDir: string;
  readonly now: number;
  /** Whether a server of this data folder answers at this moment. */
  readonly running: boolean;
}

export type Check = (patient: Patient) => Finding[] | Promise<Finding[]>;

export const ok = (check: string, says: string): Finding => ({ check, state: "ok", says });
export const warn = (check: string, says: string, fix: string): Finding => ({
  check,
  state: "warn",
  says,
  fix,
});
export const fail = (check: string, says: string, fix: string): Finding => ({
  check,
  state: "fail",
  says,
  fix,
});
