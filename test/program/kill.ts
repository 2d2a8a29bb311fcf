/**
 * Kills the compiled program under load, again and again, and counts afterwards: no acknowledged click or link may be
 * lost, none may be there twice, and every start must work. Usage:
 *
 *     bun test/program/kill.ts [kills = 200] [seed = 1]
 */
import { Database } from "bun:sqlite";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { storedIn } from "../clicks/support/stored.ts";
import { freePort } from "../support/free-port.ts";
import { bareEnv, emptyFolder, executable } from "./executable-server.ts";
import { driveLoad, type Ledger, openLedger } from "./kill-load.ts";

const kills = Number(process.argv[2] ?? 200);
const random = seeded(Number(process.argv[3] ?? 1));
const KEY = "kill-loop-key-0123456789abcdefghij";
const LINKS = 50;
const KILL_WITHIN_MS = 300;
/** A life that is killed after so many more answers at most, however slow the machine is, and the wait for them. */
const ANSWERS_MAX = 60;
const ANSWERS_WITHIN_MS = 60_000;
const START_WITHIN_MS = 60_000;

interface Life {
  readonly url: string;
  readonly child: Bun.Subprocess;
  readonly startMs: number;
}

async function start(folder: string, port: number): Promise<Life> {
  const began = performance.now();
  const child = Bun.spawn([executable, "serve"], {
    cwd: folder,
    env: bareEnv({
      WAYPOST_PORT: String(port),
      WAYPOST_SETUP_KEY: KEY,
      WAYPOST_RATE_LIMIT: "0",
      WAYPOST_TRUSTED_PROXIES: "127.0.0.1",
      WAYPOST_LOG_LEVEL: "warning",
    }),
    stdout: "ignore",
    stderr: Bun.file(join(folder, "stderr.log")),
  });
  const url = `http://127.0.0.1:${port}`;
  while (!(await isReady(url))) {
    if (child.exitCode !== null || performance.now() - began > START_WITHIN_MS)
      throw new Error(`a start failed:\n${await Bun.file(join(folder, "stderr.log")).text()}`);
    await Bun.sleep(2);
  }
  return { url, child, startMs: performance.now() - began };
}

const isReady = (url: string): Promise<boolean> =>
  fetch(`${url}/readyz`).then(
    ({ ok }) => ok,
    () => false,
  );

async function run(): Promise<string[]> {
  const folder = emptyFolder();
  const port = await freePort();
  const ledger = openLedger();
  const starts: number[] = [];
  for (let kill = 0; kill < kills; kill++) {
    const { url, child, startMs } = await start(folder, port);
    starts.push(startMs);
    const wanted = answersIn(ledger) + (kill === 0 ? LINKS : 0) + Math.ceil(random() * ANSWERS_MAX);
    const stop = driveLoad({ url, key: KEY, links: LINKS, ledger });
    await Bun.sleep(5 + random() * KILL_WITHIN_MS);
    await answersOf(ledger, wanted);
    child.kill("SIGKILL");
    await child.exited;
    await stop();
    if ((kill + 1) % 50 === 0)
      console.error(`${kill + 1} kills, ${ledger.clicks.acknowledged.size} clicks acknowledged`);
  }
  const last = await start(folder, port);
  last.child.kill("SIGTERM");
  if ((await last.child.exited) !== 0) throw new Error("the last stop was not clean");
  const problems = [...checkClicks(folder, ledger), ...checkLinks(folder, ledger)];
  starts.sort((a, b) => a - b);
  console.log(
    JSON.stringify({
      kills,
      clicksAcknowledged: ledger.clicks.acknowledged.size,
      linksAcknowledged: ledger.links.acknowledged.size,
      startMsMedian: Math.round(starts[starts.length >> 1]!),
      startMsWorst: Math.round(starts.at(-1)!),
      problems,
    }),
  );
  rmSync(folder, { recursive: true, force: true });
  return problems;
}

const answersIn = ({ clicks, links }: Ledger): number => clicks.acknowledged.size + links.acknowledged.size;

async function answersOf(ledger: Ledger, wanted: number): Promise<void> {
  for (const end = performance.now() + ANSWERS_WITHIN_MS; answersIn(ledger) < wanted; await Bun.sleep(1))
    if (performance.now() > end) throw new Error("the load failed to get its answers");
}

/** Every click carried a number of its own as utm_content, which the store keeps. */
function checkClicks(folder: string, { clicks }: Ledger): string[] {
  const { contents, counted, totals, integrity } = storedIn(join(folder, "data"));
  const rows = [...contents].map(([id, n]) => ({ id, n }));
  const problems = compared("click", rows, clicks);
  if (totals !== counted) problems.push(`totals say ${totals}, clicks are ${counted}`);
  if (integrity !== "ok") problems.push(`integrity_check: ${integrity}`);
  return problems;
}

function checkLinks(folder: string, { links }: Ledger): string[] {
  const db = new Database(join(folder, "data/waypost.db"), { readonly: true });
  const rows = db
    .query<{ id: string; n: number }, []>(
      "select slug as id, count(*) as n from links where slug like 'k-%' group by slug",
    )
    .all();
  const created = db
    .query<{ n: number }, []>("select count(*) as n from events where type = 'link.created'")
    .get()!.n;
  const all = db.query<{ n: number }, []>("select count(*) as n from links").get()!.n;
  const problems = [...compared("link", rows, links), ...intact(db)];
  if (created !== all) problems.push(`${all} links, ${created} events that tell of one`);
  db.close();
  return problems;
}

function compared(
  what: string,
  rows: readonly { id: string; n: number }[],
  { acknowledged, sent }: Ledger["clicks"],
): string[] {
  const stored = new Set(rows.map(({ id }) => id));
  const lost = [...acknowledged].filter((id) => !stored.has(id)).length;
  const doubled = rows.filter(({ n }) => n > 1).length;
  const invented = [...stored].filter((id) => !sent.has(id)).length;
  return [
    ...(lost > 0 ? [`${lost} acknowledged ${what}s lost`] : []),
    ...(doubled > 0 ? [`${doubled} ${what}s counted twice`] : []),
    ...(invented > 0 ? [`${invented} ${what}s that nobody sent`] : []),
  ];
}

function intact(db: Database): string[] {
  const answer = db.query<{ integrity_check: string }, []>("pragma integrity_check").get()?.integrity_check;
  return answer === "ok" ? [] : [`integrity_check: ${answer}`];
}

/** Mulberry32: the same kills for the same seed. */
function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

const problems = await run();
for (const problem of problems) console.error(problem);
process.exitCode = problems.length === 0 ? 0 : 1;
