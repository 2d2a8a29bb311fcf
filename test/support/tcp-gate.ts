import type { Socket, TCPSocketListener } from "bun";

/** A way to a server that a test can cut and mend. */
export interface Gate {
  readonly port: number;
  /** Ends every connection and refuses new ones. */
  cut(): void;
  mend(): void;
  close(): void;
}

interface Peer {
  other: Socket<Peer> | null;
  readonly early: Buffer[];
}

export function openGate(to: { hostname: string; port: number }): Gate {
  const sockets = new Set<Socket<Peer>>();
  const listen = (port: number) =>
    Bun.listen<Peer>({
      hostname: "127.0.0.1",
      port,
      socket: {
        open(client) {
          client.data = { other: null, early: [] };
          sockets.add(client);
          void connect(client);
        },
        data(client, chunk) {
          if (client.data.other) client.data.other.write(chunk);
          else client.data.early.push(Buffer.from(chunk));
        },
        close: (client) => void client.data.other?.end(),
      },
    });

  const connect = (client: Socket<Peer>) =>
    Bun.connect<Peer>({
      ...to,
      socket: {
        open(server) {
          server.data = { other: client, early: [] };
          sockets.add(server);
          client.data.other = server;
          for (const chunk of client.data.early.splice(0)) server.write(chunk);
        },
        data: (server, chunk) => void server.data.other?.write(chunk),
        close: (server) => void server.data.other?.end(),
      },
    });

  let listener: TCPSocketListener<Peer> | null = listen(0);
  const { port } = listener;
  const cut = (): void => {
    listener?.stop(true);
    listener = null;
    for (const socket of sockets) socket.end();
    sockets.clear();
  };
  return {
    port,
    cut,
    mend() {
      listener ??= listen(port);
    },
    close: cut,
  };
}
