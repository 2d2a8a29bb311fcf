import { dlopen, FFIType, ptr } from "bun:ffi";
import { once } from "node:events";
import { connect, type Socket } from "node:net";

/** A port on 127.0.0.1 that neither takes nor refuses a connection: it listens, its queue is full, nobody accepts. */
export async function openHole(): Promise<{ port: number; close(): void }> {
  const { symbols: system } = dlopen("libc.so.6", {
    socket: { args: [FFIType.i32, FFIType.i32, FFIType.i32], returns: FFIType.i32 },
    bind: { args: [FFIType.i32, FFIType.ptr, FFIType.u32], returns: FFIType.i32 },
    listen: { args: [FFIType.i32, FFIType.i32], returns: FFIType.i32 },
    getsockname: { args: [FFIType.i32, FFIType.ptr, FFIType.ptr], returns: FFIType.i32 },
    close: { args: [FFIType.i32], returns: FFIType.i32 },
  });
  const address = Buffer.from([2, 0, 0, 0, 127, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0]);
  const length = Buffer.from([address.length, 0, 0, 0]);
  const handle = system.socket(2, 1, 0);
  if (system.bind(handle, ptr(address), address.length) !== 0 || system.listen(handle, 0) !== 0)
    throw new Error("no socket could be opened");
  system.getsockname(handle, ptr(address), ptr(length));
  const port = address.readUInt16BE(2);
  const waiting: Socket[] = [];
  for (let taken = true; taken; ) {
    const socket = connect({ host: "127.0.0.1", port });
    socket.on("error", () => {});
    waiting.push(socket);
    // Loopback answers at once, or never.
    taken = await Promise.race([once(socket, "connect").then(() => true), Bun.sleep(100).then(() => false)]);
  }
  return {
    port,
    close() {
      for (const socket of waiting) socket.destroy();
      system.close(handle);
    },
  };
}
