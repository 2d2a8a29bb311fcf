import { run } from "./commands/run.ts";

// Not by `exitCode`: a thread that is left over after a failure must not keep the process alive.
process.exit(await run(process.argv.slice(2), process.env));
