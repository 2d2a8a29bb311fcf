import { createServer, type Socket } from "node:net";
import { SMTPServer, type SMTPServerOptions } from "smtp-server";
import type { Certificate } from "./certificates.ts";

export interface Received {
  readonly from: string;
  readonly to: string;
  /** As it came over the wire. */
  readonly raw: string;
  readonly secure: boolean;
  readonly user: string | null;
}
export interface SmtpSink {
  readonly port: number;
  readonly received: Received[];
  /** Connections so far. */
  connections(): number;
  close(): Promise<void>;
}
export interface SmtpSinkOptions {
  /** With it TLS is offered; `tls` speaks it from the first byte. */
  readonly certificate?: Certificate;
  readonly tls?: boolean;
  readonly auth?: { readonly user: string; readonly pass: string };
  /** What is said to a recipient; null takes it. */
  readonly rcpt?: (address: string) => Refusal | null;
  /** What is said to the message itself; null takes it. */
  readonly data?: (count: number) => Refusal | null;
}
export interface Refusal {
  readonly code: number;
  readonly text: string;
}

/** The words of a message, as its reader sees them: quoted-printable (RFC 2045, 6.7) undone. */
export function wordsOf({ raw }: Pick<Received, "raw">): string {
  const bytes = raw
    .replace(/=\r?\n/g, "")
    .replace(/=([0-9A-F]{2})/g, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(bytes, "latin1").toString("utf8");
}

/** A real SMTP server on loopback that keeps what it was sent. */
export async function smtpSink(options: SmtpSinkOptions = {}): Promise<SmtpSink> {
  const { certificate, auth } = options;
  const received: Received[] = [];
  let connections = 0;
  let messages = 0;
  const settings: SMTPServerOptions = {
    secure: options.tls ?? false,
    authOptional: auth === undefined,
    ...(certificate ? { key: certificate.key, cert: certificate.cert } : {}),
    disabledCommands: [...(certificate ? [] : ["STARTTLS"]), ...(auth ? [] : ["AUTH"])],
    logger: false,
    closeTimeout: 100,
    onConnect(_, done) {
      connections++;
      done();
    },
    onAuth({ username, password }, _, done) {
      const isRight = username === auth?.user && password === auth?.pass;
      if (isRight) done(null, { user: username });
      else done(Object.assign(new Error("5.7.8 Error: authentication failed"), { responseCode: 535 }));
    },
    onRcptTo({ address }, _, done) {
      done(asError(options.rcpt?.(address) ?? null));
    },
    onData(stream, session, done) {
      const chunks: Buffer[] = [];
      stream.on("data", (chunk: Buffer) => chunks.push(chunk));
      stream.on("end", () => {
        const refusal = asError(options.data?.(messages++) ?? null);
        if (refusal) return done(refusal);
        const { mailFrom, rcptTo } = session.envelope;
        received.push({
          from: mailFrom ? mailFrom.address : "",
          to: rcptTo.map(({ address }) => address).join(", "),
          raw: Buffer.concat(chunks).toString(),
          secure: session.secure,
          user: (session.user as string | undefined) ?? null,
        });
        done(null, "2.0.0 Ok: queued as SINK");
      });
    },
  };
  const server = new SMTPServer(settings);
  // A client that gives up is a part of some tests.
  server.on("error", () => {});
  const { promise, resolve } = Promise.withResolvers<number>();
  const listening = server.listen(0, "127.0.0.1", () =>
    resolve((listening.address() as { port: number }).port),
  );
  return {
    port: await promise,
    received,
    connections: () => connections,
    close: () => new Promise((closed) => server.close(closed)),
  };
}

const asError = (refusal: Refusal | null): Error | null =>
  refusal && Object.assign(new Error(refusal.text), { responseCode: refusal.code });

/** A server that follows a script: it says the next line whenever something comes in; null hangs up. */
export async function scriptedServer(lines: readonly (string | null)[]): Promise<{
  readonly port: number;
  heard(): string;
  close(): void;
}> {
  const sockets = new Set<Socket>();
  let heard = "";
  const server = createServer((socket) => {
    sockets.add(socket);
    const left = [...lines];
    const say = () => {
      const line = left.shift();
      if (line === null) socket.destroy();
      else if (line !== undefined) socket.write(`${line}\r\n`);
    };
    socket.on("error", () => {});
    socket.on("data", (chunk) => {
      heard += chunk.toString();
      say();
    });
    say();
  });
  const { promise, resolve } = Promise.withResolvers<void>();
  server.listen(0, "127.0.0.1", resolve);
  await promise;
  return {
    port: (server.address() as { port: number }).port,
    heard: () => heard,
    close() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}
