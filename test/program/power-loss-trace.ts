import { readFileSync } from "node:fs";
import { dirname, relative } from "node:path";

/** What a program did to one folder and those in it, in the order in which the kernel did it. Files go by their paths in it. */
export type Operation =
  | { readonly kind: "write"; readonly file: string; readonly offset: number; readonly data: Buffer }
  | { readonly kind: "truncate"; readonly file: string; readonly size: number }
  | { readonly kind: "create" | "unlink"; readonly file: string }
  | { readonly kind: "rename"; readonly file: string; readonly to: string }
  /** Covers what was done before `begun`: a write beside a running sync may miss it. */
  | { readonly kind: "sync"; readonly file: string; readonly begun: number }
  | { readonly kind: "syncFolder"; readonly folder: string; readonly begun: number }
  | { readonly kind: "ack"; readonly change: number };

export const traceOptions = [
  "-f",
  "--seccomp-bpf",
  "-qq",
  "-y",
  "-xx",
  "-s",
  "200000",
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
  const file = within(path, folder);
  if (file === null) return null;
  // Every file of ours has an ending, or is the salt; no folder has.
  if (/sync$/.test(name) && !/\.|^journal\/visitor-salt$/.test(file))
    return { kind: "syncFolder", folder: file, begun };
  const last = Number(/, (\d+)$/.exec(argumentsText)?.[1]);
  switch (name) {
    case "fsync":
    case "fdatasync":
      return { kind: "sync", file, begun };
    case "ftruncate":
      return { kind: "truncate", file, size: last };
    case "pwrite64":
      return { kind: "write", file, offset: last, data: written(texts[0]!, Number(answer)) };
    default:
      throw new Error(`the rig does not know how to lose a ${name} to ${file}`);
  }
}

function acknowledged(text: string): Operation | null {
  const change = /^ack (\d+)$/m.exec(text)?.[1];
  return change === undefined ? null : { kind: "ack", change: Number(change) };
}

function named(name: string, argumentsText: string, texts: Buffer[], folder: string): Operation | null {
  const [file, to] = texts.map((path) => within(String(path), folder)).filter((path) => path !== null);
  if (file === undefined || file === "") return null;
  if (name.startsWith("unlink")) return { kind: "unlink", file };
  if (name.startsWith("rename")) return { kind: "rename", file, to: to! };
  return argumentsText.includes("O_CREAT") ? { kind: "create", file } : null;
}

/** The path of a file in the folder, empty for the folder itself; null for what is not in it, or is only shared memory. */
function within(path: string, folder: string): string | null {
  if (path !== folder && !path.startsWith(`${folder}/`)) return null;
  return path.endsWith("-shm") ? null : relative(folder, path);
}

/** The folder a file lies in, as `syncFolder` names it. */
export const folderOf = (file: string): string => (dirname(file) === "." ? "" : dirname(file));

/** strace cuts long texts; only the zeros of a new segment are that long. */
function written(text: Buffer, length: number): Buffer {
  if (text.length >= length) return text.subarray(0, length);
  if (text.some((byte) => byte !== 0)) throw new Error("the trace has cut a write that was not zeros");
  return Buffer.alloc(length);
}
