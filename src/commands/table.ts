import { auditVerifyCommand } from "./audit.ts";
import type { Command } from "./command.ts";
import { configCommand } from "./config.ts";
import { doctorCommand } from "./doctor/doctor.ts";
import { healthCommand } from "./health.ts";
import { jobCancelCommand, jobListCommand, jobRetryCommand, jobShowCommand } from "./job.ts";
import {
  keyringForgetCommand,
  keyringListCommand,
  keyringNewCommand,
  keyringRetireCommand,
  keyringRotateCommand,
} from "./keyring.ts";
import { linkCreateCommand, linkListCommand, linkShowCommand } from "./link.ts";
import { mailListCommand, mailResendCommand, mailShowCommand, mailTestCommand } from "./mail.ts";
import { migrateCommand } from "./migrate.ts";
import { tokenCreateCommand } from "./token.ts";
import { userCreateCommand } from "./user.ts";
import { versionCommand } from "./version.ts";

/** Serving is the one command that stays. What it needs is loaded when it is asked for, as everywhere here. */
const serveCommand: Command = {
  name: "serve",
  about: "Serves links, the API and the admin page, until it is stopped.",
  words: [0, 0],
  options: {},
  run: async (call) => (await import("./serve.ts")).serve(call.config()),
};

/** Every command, in the order of help. */
export const commands: readonly Command[] = [
  serveCommand,
  configCommand,
  migrateCommand,
  doctorCommand,
  healthCommand,
  linkCreateCommand,
  linkListCommand,
  linkShowCommand,
  jobListCommand,
  jobShowCommand,
  jobRetryCommand,
  jobCancelCommand,
  mailListCommand,
  mailShowCommand,
  mailResendCommand,
  mailTestCommand,
  userCreateCommand,
  tokenCreateCommand,
  auditVerifyCommand,
  keyringListCommand,
  keyringRotateCommand,
  keyringRetireCommand,
  keyringNewCommand,
  keyringForgetCommand,
  versionCommand,
];
