// Installs what package.json names, with nothing but Node and npm at hand, and only when something is missing.
// Run by npm before `start`, `test`, `build` …; plain JavaScript, because Bun may not be there yet.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const stamp = `${root}node_modules/.installed`;
const { devDependencies } = JSON.parse(readFileSync(`${root}package.json`, "utf8"));

// What is installed depends on these and on the machine, when a folder is shared between two.
const wanted = createHash("sha256")
  .update(`${process.platform} ${process.arch}\n`)
  .update(readFileSync(`${root}bun.lock`))
  .update(readFileSync(`${root}package.json`))
  .digest("hex");

if (!(existsSync(stamp) && readFileSync(stamp, "utf8") === wanted)) {
  console.log("Installing dependencies …");
  // The package `bun` is itself on npm. npx brings it even where npm is told to run no install scripts.
  const { status, error } = spawnSync(
    "npx",
    ["--yes", `bun@${devDependencies.bun}`, "install", "--frozen-lockfile"],
    { cwd: root, stdio: "inherit", shell: process.platform === "win32" },
  );
  if (error || status !== 0) {
    console.error(error?.message ?? "The dependencies could not be installed; the lines above say why.");
    process.exit(1);
  }
  writeFileSync(stamp, wanted);
}
