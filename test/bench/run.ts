import { availableParallelism, cpus } from "node:os";
import { type Bench, keeps, type Measure } from "./measure.ts";

// `bun test/bench/run.ts [name …]`: a table for people, then the same as JSON. Exits 1 when a budget is missed,
// 2 when a command is missing.
const packages = { wrk: "wrk", taskset: "util-linux" } as const;
const wanted = process.argv.slice(2);
const results: { bench: string; measures: Measure[] }[] = [];

for await (const file of new Bun.Glob("*.ts").scan({ cwd: import.meta.dir, absolute: true })) {
  const name = file.slice(file.lastIndexOf("/") + 1, -3);
  if (name === "run" || (wanted.length > 0 && !wanted.includes(name))) continue;
  // Not imported to find out: what only helps a bench, or is a script of its own, would begin to run.
  if (!(await Bun.file(file).text()).includes("export const bench: Bench")) continue;
  const { bench } = (await import(file)) as { bench: Bench };
  for (const command of bench.needs ?? []) {
    if (Bun.which(command)) continue;
    console.error(
      `${command} is not installed. Install the package ${packages[command]} and run this again.`,
    );
    process.exit(2);
  }
  console.error(`${name}: ${bench.about}`);
  results.push({ bench: name, measures: await bench.run() });
}

const digits = (value: number) =>
  value >= 100 ? Math.round(value).toLocaleString("en-US") : String(Number(value.toPrecision(3)));
const budgetText = ({ budget }: Measure) =>
  budget === undefined ? "" : "min" in budget ? `≥ ${digits(budget.min)}` : `≤ ${digits(budget.max)}`;

console.log(`\n${cpus()[0]?.model.trim()}, ${availableParallelism()} cores, Bun ${Bun.version}\n`);
console.log("| bench | what | measured | budget | kept |\n|---|---|---|---|---|");
for (const { bench, measures } of results)
  for (const one of measures)
    console.log(
      `| ${bench} | ${one.what} | ${digits(one.value)} ${one.unit} | ${budgetText(one)} | ${one.budget ? (keeps(one) ? "yes" : "**no**") : ""} |`,
    );
console.log(`\n${JSON.stringify(results)}`);
process.exit(results.every(({ measures }) => measures.every(keeps)) ? 0 : 1);
