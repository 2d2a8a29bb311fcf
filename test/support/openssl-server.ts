import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Certificate } from "./certificates.ts";

/** `openssl s_server` with these flags: for TLS that our own runtime no longer speaks. */
export async function openOpenssl(
  { key, cert }: Certificate,
  flags: readonly string[],
): Promise<{ port: number; close(): Promise<void> }> {
  const folder = mkdtempSync(join(tmpdir(), "waypost-openssl-"));
  const [keyPath, certPath] = [join(folder, "key"), join(folder, "cert")];
  writeFileSync(keyPath, key);
  writeFileSync(certPath, cert);
  const cipher = flags.includes("-cipher") ? [] : ["-cipher", "ALL:@SECLEVEL=0"];
  const server = Bun.spawn(
    [
      "openssl",
      "s_server",
      "-accept",
      "127.0.0.1:0",
      "-key",
      keyPath,
      "-cert",
      certPath,
      ...flags,
      ...cipher,
      "-www",
    ],
    { stdin: "ignore", stdout: "pipe", stderr: "ignore" },
  );
  let said = "";
  for await (const chunk of server.stdout) {
    said += Buffer.from(chunk).toString();
    // It tells the port that the system chose: `ACCEPT 127.0.0.1:43210`.
    const port = /^ACCEPT .*:(\d+)$/m.exec(said)?.[1];
    if (port === undefined) continue;
    return {
      port: Number(port),
      async close() {
        server.kill();
        await server.exited;
      },
    };
  }
  throw new Error(`openssl s_server did not start: ${said}`);
}
