import { createServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import type { Certificate } from "./certificates.ts";

/** The other end of a request, byte by byte. */
export interface Receiver {
  readonly port: number;
  /** Connections so far. */
  readonly connections: number;
  /** Heads and bodies as they came, one entry a request. */
  readonly requests: string[];
  /** Resolves when no connection is open; a request that leaks one keeps it waiting. */
  closed(): Promise<void>;
  close(): Promise<void>;
}

export interface ReceiverOptions {
  readonly host?: string;
  readonly port?: number;
  readonly tls?: Certificate;
}

/** What is written back: bytes and the end, or whatever is done to the socket by hand. */
export type Reply = (request: string, socket: Socket) => string | Buffer | undefined;

export async function openReceiver(reply: Reply, options: ReceiverOptions = {}): Promise<Receiver> {
  const open = new Set<Socket>();
  const requests: string[] = [];
  let connections = 0;
  let emptied = () => {};
  const meet = (socket: Socket) => {
    socket.on("error", () => {});
    socket.on("data", (chunk) => {
      requests.push(chunk.toString("latin1"));
      const answer = reply(chunk.toString("latin1"), socket);
      if (answer !== undefined) socket.end(answer);
    });
  };
  const server: Server = options.tls ? createTlsServer({ ...options.tls }, meet) : createServer(meet);
  server.on("connection", (socket: Socket) => {
    connections++;
    open.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => {
      open.delete(socket);
      if (open.size === 0) emptied();
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port ?? 0, options.host ?? "127.0.0.1", resolve);
  });
  const address = server.address();
  return {
    port: typeof address === "object" && address ? address.port : 0,
    get connections() {
      return connections;
    },
    requests,
    closed: () =>
      new Promise((resolve) => {
        emptied = resolve;
        if (open.size === 0) resolve();
      }),
    close: () =>
      new Promise((resolve) => {
        for (const socket of open) socket.destroy();
        server.close(() => resolve());
      }),
  };
}

/** A whole HTTP answer with its length. */
export function answer(
  status: number,
  body: string | Buffer = "",
  headers: Record<string, string> = {},
): Buffer {
  const bytes = Buffer.from(body);
  const fields = Object.entries({ "content-length": String(bytes.length), ...headers });
  const head = [`HTTP/1.1 ${status} Said`, ...fields.map(([name, value]) => `${name}: ${value}`)].join(
    "\r\n",
  );
  return Buffer.concat([Buffer.from(`${head}\r\n\r\n`, "latin1"), bytes]);
}
