/** What came back over a raw connection. */
export interface Exchange {
  readonly text: string;
  /** The status of every answer, in order. */
  readonly statuses: number[];
  /** The server ended the connection. */
  readonly closed: boolean;
}

/** Writes bytes to a port as they are and reads until the connection ends, or falls silent after an answer. */
export async function exchange(port: number, data: string | Uint8Array): Promise<Exchange> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const chunks: Uint8Array[] = [];
  let timer: Timer | undefined;
  const wait = (ms: number, then: () => void) => {
    clearTimeout(timer);
    timer = setTimeout(then, ms);
  };
  const silent = () => resolve(false);
  /** On a busy machine silence alone says nothing: others must have been answered meanwhile, twice. */
  const doubt = (): void => {
    const heard = chunks.length;
    const again = () => chunks.length === heard && wait(SILENCE_MS, silent);
    void served(port)
      .then(() => served(port))
      .then(again, silent);
  };
  let rest = typeof data === "string" ? new TextEncoder().encode(data) : data;
  const push = (socket: Bun.Socket) => {
    rest = rest.subarray(Math.max(0, socket.write(rest)));
  };
  const socket = await Bun.connect({
    hostname: "127.0.0.1",
    port,
    socket: {
      open: push,
      drain: push,
      data(_, chunk) {
        chunks.push(new Uint8Array(chunk));
        wait(SILENCE_MS, doubt);
      },
      close: () => resolve(true),
      error: () => resolve(true),
      end: () => resolve(true),
    },
  });
  wait(PATIENCE_MS, silent);
  const closed = await promise;
  clearTimeout(timer);
  socket.terminate();
  const text = Buffer.concat(chunks).toString("latin1");
  return {
    text,
    closed,
    statuses: [...text.matchAll(/HTTP\/1\.1 (\d{3})/g)].map((match) => Number(match[1])),
  };
}

/** Somebody else's request was answered, or the connection refused. */
async function served(port: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const socket = await Bun.connect({
    hostname: "127.0.0.1",
    port,
    socket: {
      open: (one) => void one.write("GET /healthz HTTP/1.1\r\nHost: go.test\r\n\r\n"),
      data: () => resolve(),
      close: () => resolve(),
      error: () => resolve(),
    },
  });
  await promise;
  socket.terminate();
}

const PATIENCE_MS = 30_000;
const SILENCE_MS = 20;
