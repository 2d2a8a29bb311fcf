import { closeSync, fdatasyncSync, fstatSync, openSync } from "node:fs";
import { dirname } from "node:path";
import { syncFolder } from "../lib/files.ts";
import { openCheckpointer } from "./checkpoint.ts";

/** What the main thread asks of this one; each call gets one answer, in order. */
export type WalCall = "sync" | "copy" | "empty" | "close";
export interface WalRequest {
  /** Given once, with the first call. Two threads run this file, because a checkpoint must not delay a sync. */
  readonly open?: { readonly role: "sync" | "checkpoint"; readonly path: string };
  readonly call?: WalCall;
}
export type WalAnswer = { readonly result: number | boolean } | { readonly error: WalError };
export interface WalError {
  readonly code: string;
  readonly message: string;
}

declare const self: Worker;

type Role = Partial<Record<WalCall, () => number | boolean | undefined>>;
let role: Role = {};

self.onmessage = ({ data }: MessageEvent<WalRequest>) => {
  try {
    if (data.open) role = roles[data.open.role](data.open.path);
    const result = data.call ? role[data.call]?.() : true;
    postMessage({ result: result ?? true } satisfies WalAnswer);
  } catch (error) {
    postMessage({ error: described(error) } satisfies WalAnswer);
  }
};

const roles: Record<"sync" | "checkpoint", (path: string) => Role> = {
  sync(path) {
    const file = openSync(`${path}-wal`, "r+");
    // The log may have been made a moment ago; its name must outlive a power cut too.
    syncFolder(dirname(path));
    return {
      /** Answers with the size of the log, in bytes. */
      sync() {
        fdatasyncSync(file);
        const { nlink, size } = fstatSync(file);
        if (nlink === 0) throw new Error(`${path}-wal was deleted while in use`);
        return size;
      },
      close: () => closeSync(file) ?? true,
    };
  },
  checkpoint(path) {
    const checkpointer = openCheckpointer(path);
    return {
      copy: () => checkpointer.copy(),
      empty: () => checkpointer.empty(),
      close: () => checkpointer.close() ?? true,
    };
  },
};

function described(error: unknown): WalError {
  if (!(error instanceof Error)) return { code: "", message: String(error) };
  const code = "code" in error && typeof error.code === "string" ? error.code : "";
  return { code, message: error.message };
}
