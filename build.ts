import { existsSync } from "node:fs";
import { mkdir, rename, rm } from "node:fs/promises";
import { basename, dirname, join, relative, resolve } from "node:path";
import { parseArgs } from "node:util";

const root = import.meta.dir;
const USAGE = `Builds the executable.

bun build.ts [--target=linux-x64|linux-arm64] [--outfile=…] [--if-changed]

--target       Machine to build for; this one when left out.
--outfile      Where the executable goes; dist/waypost, or dist/waypost-<target> for another machine.
--if-changed   Does nothing when the sources are those of the last build.`;

/** Every file that runs: the program, and its worker threads. Bun finds workers only when they are named here. */
const entryPoints = [
  "src/main.ts",
  "src/clicks/worker.ts",
  "src/heavy-worker.ts",
  "src/db/sync-worker.ts",
  "src/lib/passwords-worker.ts",
];

async function build(): Promise<void> {
  const { values } = parseArgs({
    options: {
      target: { type: "string" },
      outfile: { type: "string" },
      "if-changed": { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return console.log(USAGE);
  const target = bunTarget(values.target);
  // A file for another machine never takes the place of the one that runs here.
  const outfile = resolve(
    root,
    values.outfile ?? (target ? `dist/waypost-${values.target}` : "dist/waypost"),
  );
  const stamp = join(root, "dist", `.${basename(outfile)}.built`);
  const state = `${target ?? "here"} ${outfile} ${await sourcesHash()}`;
  if (values["if-changed"] && (await isBuilt(outfile, stamp, state))) return;

  // Everything is made aside and moved into place at the end, so that a build that fails or runs beside another
  // never leaves half a result. Bun names things inside the executable after the outfile: keep the name.
  const aside = join(root, "dist", `.build-${process.pid}`);
  try {
    await rm(stamp, { force: true });
    await buildWeb(join(aside, "web"));
    await compile(join(aside, "web"), join(aside, basename(outfile)), target);
    await replace(join(aside, "web"), join(root, "dist/web"));
    await mkdir(dirname(outfile), { recursive: true });
    await replace(join(aside, basename(outfile)), outfile);
    await Bun.write(stamp, state);
  } finally {
    await rm(aside, { recursive: true, force: true });
  }
  const sizeMb = (Bun.file(outfile).size / 1e6).toFixed(0);
  console.log(`Built ${relative(process.cwd(), outfile)} (${sizeMb} MB${target ? `, ${target}` : ""}).`);
}

/** The admin page and the API reference, each file compressed beside itself: `lib/assets.ts` serves them. */
async function buildWeb(folder: string): Promise<void> {
  const { outputs } = await Bun.build({
    entrypoints: [join(root, "src/admin/index.html")],
    outdir: join(folder, "admin"),
    publicPath: "/admin/",
    naming: { chunk: "assets/[name]-[hash].[ext]", asset: "assets/[name]-[hash].[ext]" },
    minify: true,
    define: { "process.env.NODE_ENV": '"production"' },
  });
  for (const { path } of outputs) await compress(path, path);
  // The reader of the reference is 4 MB raw: only its compressed forms travel.
  const reader = join(root, "node_modules/@scalar/api-reference/dist/browser/standalone.js");
  await compress(reader, join(folder, "docs/scalar.js"));
}

async function compress(from: string, to: string): Promise<void> {
  const bytes = await Bun.file(from).bytes();
  await Bun.write(`${to}.gz`, Bun.gzipSync(bytes, { level: 9 }));
  await Bun.write(`${to}.zst`, await Bun.zstdCompress(bytes, { level: 19 }));
}

async function compile(web: string, outfile: string, target: string | null): Promise<void> {
  const command = [
    ...[process.execPath, "build", "--compile", "--format=esm", "--bytecode"],
    // Minified names would turn the names of errors into single letters.
    ...["--minify-whitespace", "--minify-syntax", "--keep-names", "--sourcemap=linked"],
    ...["--define", 'process.env.NODE_ENV="production"'],
    // Whoever starts the executable in a folder must not be made to run what lies there.
    ...["--no-compile-autoload-dotenv", "--no-compile-autoload-bunfig"],
    // All files of the executable lie in one folder, whatever theirs is here: `./worker.ts` is found in both.
    ...["--asset", web, "--entry-naming=[name].[ext]"],
    ...(target ? [`--target=${target}`] : []),
    ...entryPoints.filter((file) => existsSync(join(root, file))),
    ...["--outfile", outfile],
  ];
  const { exitCode, stdout, stderr } = Bun.spawnSync(command, { cwd: root });
  if (exitCode !== 0) throw new Error(`bun build failed:\n${stdout}${stderr}`);
}

/** Bun's name for a machine; null for this one, which needs no second runtime. */
function bunTarget(text: string | undefined): string | null {
  if (text === undefined || text === `${process.platform}-${process.arch}`) return null;
  if (!["linux-x64", "linux-arm64"].includes(text))
    throw new Error(`--target must be linux-x64 or linux-arm64, not ${text}`);
  return `bun-${text}`;
}

async function sourcesHash(): Promise<string> {
  const files = [...new Bun.Glob("{src,migrations}/**/*").scanSync(root)];
  const hash = new Bun.CryptoHasher("sha256");
  for (const file of [...files, "build.ts", "bun.lock", "package.json", "tsconfig.json"].sort())
    hash.update(`${file}\n`).update(await Bun.file(join(root, file)).bytes());
  return hash.digest("hex");
}

const isBuilt = async (outfile: string, stamp: string, state: string): Promise<boolean> =>
  existsSync(outfile) && existsSync(stamp) && (await Bun.file(stamp).text()) === state;

async function replace(from: string, to: string): Promise<void> {
  if (!existsSync(from)) return;
  await rm(to, { recursive: true, force: true });
  await rename(from, to);
}

try {
  await build();
} catch (error) {
  console.error(
    error instanceof AggregateError ? error.errors.map(String).join("\n") : (error as Error).message,
  );
  process.exitCode = 1;
}
