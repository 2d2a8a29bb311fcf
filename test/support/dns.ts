import { createSocket } from "node:dgram";

/** What a name stands for: addresses, another name, or a failure. */
export interface Zone {
  readonly addresses?: readonly string[];
  readonly alias?: string;
  readonly texts?: readonly string[];
  /** The name begins a zone. */
  readonly zone?: boolean;
  readonly fails?: "missing" | "broken" | "silent";
}

export interface DnsServer {
  /** `127.0.0.1:port`, for `dnsServers`. */
  readonly at: string;
  readonly asked: { name: string; type: Asked }[];
  close(): void;
}

export type Asked = "A" | "AAAA" | "CNAME" | "TXT" | "SOA";
const CODES: Readonly<Record<number, Asked>> = { 1: "A", 5: "CNAME", 6: "SOA", 16: "TXT", 28: "AAAA" };
const CNAME = 5;

/** A real DNS server on loopback: every answer has a time to live of 0, and is made anew for each question. */
export async function openDns(
  zone: (name: string, type: Asked) => Zone,
  { lasting = true }: { readonly lasting?: boolean } = {},
): Promise<DnsServer> {
  const socket = createSocket("udp4");
  // Nobody closes it, and the process may end.
  if (!lasting) socket.unref();
  const asked: DnsServer["asked"] = [];
  await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", resolve));
  socket.on("message", (message, from) => {
    const { name, code, question } = questionOf(message);
    const type = CODES[code] ?? "A";
    asked.push({ name, type });
    const known = zone(name, type);
    const { fails } = known;
    if (fails === "silent") return;
    const records = recordsOf(known, { name, type, code });
    const head = Buffer.alloc(12);
    message.copy(head, 0, 0, 2);
    head.writeUInt16BE(0x8180 | (fails === "missing" ? 3 : fails === "broken" ? 2 : 0), 2);
    head.writeUInt16BE(1, 4);
    head.writeUInt16BE(records.length, 6);
    socket.send(Buffer.concat([head, question, ...records]), from.port, from.address);
  });
  return { at: `127.0.0.1:${socket.address().port}`, asked, close: () => socket.close() };
}

function recordsOf(
  { addresses = [], alias, texts = [], zone: begins = false }: Zone,
  { name, type, code }: { name: string; type: Asked; code: number },
): Buffer[] {
  const family = type === "A" || type === "AAAA" ? addresses : [];
  const own = family.filter((address) => address.includes(":") === (type === "AAAA"));
  return [
    ...(alias === undefined ? [] : [record(CNAME, nameOf(name), nameOf(alias))]),
    ...own.map((address) => record(code, nameOf(alias ?? name), bytesOf(address))),
    ...(type === "TXT" ? texts.map((text) => record(code, nameOf(name), textOf(text))) : []),
    ...(type === "SOA" && begins ? [record(code, nameOf(name), startOf(name))] : []),
  ];
}

function questionOf(message: Buffer): { name: string; code: number; question: Buffer } {
  const labels: string[] = [];
  let at = 12;
  for (; message[at]; at += message[at]! + 1)
    labels.push(message.subarray(at + 1, at + 1 + message[at]!).toString("latin1"));
  return {
    name: labels.join(".").toLowerCase(),
    code: message.readUInt16BE(at + 1),
    question: message.subarray(12, at + 5),
  };
}

function record(type: number, owner: Buffer, data: Buffer): Buffer {
  const fixed = Buffer.alloc(10);
  fixed.writeUInt16BE(type, 0);
  fixed.writeUInt16BE(1, 2);
  fixed.writeUInt16BE(data.length, 8);
  return Buffer.concat([owner, fixed, data]);
}

const nameOf = (name: string): Buffer =>
  Buffer.concat([
    ...name.split(".").map((label) => Buffer.concat([Buffer.of(label.length), Buffer.from(label, "latin1")])),
    Buffer.of(0),
  ]);

/** In pieces of 255 bytes at most. */
const textOf = (text: string): Buffer =>
  Buffer.concat(
    (text.match(/[\s\S]{1,255}/g) ?? [""]).map((piece) =>
      Buffer.concat([Buffer.of(piece.length), Buffer.from(piece, "latin1")]),
    ),
  );

const startOf = (name: string): Buffer =>
  Buffer.concat([nameOf(`ns.${name}`), nameOf(`admin.${name}`), Buffer.alloc(20)]);

function bytesOf(address: string): Buffer {
  if (!address.includes(":")) return Buffer.from(address.split(".").map(Number));
  const mapped = /^(.*:)(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(address);
  const hex = (high: string, low: string) => ((Number(high) << 8) | Number(low)).toString(16);
  const plain = mapped
    ? `${mapped[1]}${hex(mapped[2]!, mapped[3]!)}:${hex(mapped[4]!, mapped[5]!)}`
    : address;
  const [before = "", after] = plain.split("::");
  const left = before.split(":").filter(Boolean);
  const right = (after ?? "").split(":").filter(Boolean);
  const groups =
    after === undefined ? left : [...left, ...Array(8 - left.length - right.length).fill("0"), ...right];
  return Buffer.from(groups.map((group) => group.padStart(4, "0")).join(""), "hex");
}
