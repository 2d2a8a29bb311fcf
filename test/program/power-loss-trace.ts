import { readFileSync } from "node:fs";
import { basename, dirname } from "node:path";

/** What a program did to one folder, in the order in which the kernel did it. */
export type Operation =
  | { readonly kind: "write"; readonly file: string; readonly offset: number; readonly data: Buffer }
  | { readonly kind: "truncate"; readonly file: string; readonly size: number }
  | { readonly kind: "create" | "unlink"; readonly file: string }
  | { readonly kind: "rename"; readonly file: string; readonly to: string }
  /** Covers what was done before `begun`: a write beside a running sync may miss it. */
  | { readonly kind: "sync"; readonly file: string; readonly begun: number }
  | { readonly kind: "syncFolder"; readonly begun: number }
  | { readonly kind: "ack"; readonly change: number };

export const traceOptions = [
  "-f",
  "--seccomp-bpf",
  "-qq",
  "-y",
  "-xx",
  "-s",
  "1000000",
  "-e",
  "trace=write,pwrite64,writev,pwritev,ftruncate,fallocate,fsync,fdatasync,unlink,unlinkat,rename,renameat,renameat2,openat",
];

/** Reads what strace wrote with those options, and keeps what concerns the folder and the acknowledgements. */
export function readTrace(file: string, folder: string): Operation[] {
  const operations: Operation[] = [];
  /** Calls that another thread came between, by thread. */
  const open = new Map<string, { text: string; begun: number }>();
  for (const line of readFileSync(file, "latin1").split("\n")) {
    const [, thread, rest] = /^(\d+) +(.*)$/.exec(line) ?? [];
    if (thread === undefined || rest === undefined) continue;
    if (rest.endsWith("<unfinished ...>")) {
      open.set(thread, {
        text: rest.slice(0, -"<unfinished ...>".length).trimEnd(),
        begun: operations.length,
      });
      continue;
    }
    const resumed = /^<\.\.\. \w+ resumed>(.*)$/.exec(rest)?.[1];
    const first = resumed === undefined ? undefined : open.get(thread);
    const operation = understood(
      (first?.text ?? "") + (resumed ?? rest),
      folder,
      first?.begun ?? operations.length,
    );
    if (operation) operations.push(operation);
  }
  return operations;
}

const decoded = (hex: string): Buffer => Buffer.from(hex.replaceAll("\\x", ""), "hex");

function understood(call: string, folder: string, begun: number): Operation | null {
  const [, name, argumentsText, answer] = /^(\w+)\((.*)\) += (\d+)/.exec(call) ?? [];
  if (name === undefined || argumentsText === undefined) return null;
  const texts = Array.from(argumentsText.matchAll(/"((?:\\x[0-9a-f]{2})*)"/g), ([, hex]) => decoded(hex!));
  if (name === "write" && argumentsText.startsWith("1<")) return acknowledged(texts[0]!.toString());
  if (/^(open|unlink|rename)/.test(name)) return named(name, argumentsText, texts, folder);
  const path = decoded(/^\d+<((?:\\x[0-9a-f]{2})+)>/.exec(argumentsText)?.[1] ?? "").toString();
  if (path === folder && /sync$/.test(name)) return { kind: "syncFolder", begun };
  if (dirname(path) !== folder || path.endsWith("-shm")) return null;
  const file = basename(path);
  const last = Number(/, (\d+)$/.exec(argumentsText)?.[1]);
  switch (name) {
    case "fsync":
    case "fdatasync":
      return { kind: "sync", file, begun };
    case "ftruncate":
      return { kind: "truncate", file, size: last };
    case "pwrite64":
      return { kind: "write", file, offset: last, data: texts[0]!.subarray(0, Number(answer)) };
    default:
      throw new Error(`the rig does not know how to lose a ${name} to ${file}`);
  }
}

function acknowledged(text: string): Operation | null {
  const change = /^ack (\d+)$/m.exec(text)?.[1];
  return change === undefined ? null : { kind: "ack", change: Number(change) };
}

function named(name: string, argumentsText: string, texts: Buffer[], folder: string): Operation | null {
  const paths = texts.map(String).filter((path) => dirname(path) === folder && !path.endsWith("-shm"));
  const [file, to] = paths.map((path) => basename(path));
  if (file === undefined) return null;
  if (name.startsWith("unlink")) return { kind: "unlink", file };
  if (name.startsWith("rename")) return { kind: "rename", file, to: to! };
  return argumentsText.includes("O_CREAT") ? { kind: "create", file } : null;
}
