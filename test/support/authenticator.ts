import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from "node:crypto";

/**
 * An authenticator made of nothing but keys. It signs whatever it is told to, also what a real one never would: a wrong
 * origin, a wrong host, nobody there.
 */
export interface Lies {
  readonly challenge?: string;
  readonly type?: string;
  readonly origin?: string;
  readonly rpId?: string;
  readonly flags?: number;
  readonly counter?: number;
  readonly userHandle?: string | null;
  readonly signer?: KeyObject;
  readonly crossOrigin?: boolean;
  /** Instead of ES256. */
  readonly algorithm?: number;
  readonly format?: string;
  /** Bytes taken off the end of what is CBOR. */
  readonly cut?: number;
}

const PRESENT = 0x01;
const VERIFIED = 0x04;
const BACKUP = 0x08 | 0x10;
const ATTESTED = 0x40;

const b64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64url");
const sha256 = (bytes: Uint8Array | string): Buffer => createHash("sha256").update(bytes).digest();

export class SoftAuthenticator {
  readonly id = randomBytes(32);
  readonly keys = generateKeyPairSync("ec", { namedCurve: "P-256" });
  counter = 0;
  readonly rpId: string;
  readonly origin: string;
  readonly userId: string;
  constructor(rpId: string, origin: string, userId: string) {
    this.rpId = rpId;
    this.origin = origin;
    this.userId = userId;
  }

  /** What `navigator.credentials.create()` gives, as JSON. */
  create(challenge: string, lies: Lies = {}) {
    const { x, y } = this.keys.publicKey.export({ format: "jwk" });
    const coordinate = (text: string | undefined) => bytesOf(Buffer.from(text ?? "", "base64url"));
    const key = Buffer.concat([
      Buffer.from([0xa5, 0x01, 0x02, 0x03]),
      integer(lies.algorithm ?? -7),
      Buffer.from([0x20, 0x01, 0x21]),
      coordinate(x),
      Buffer.from([0x22]),
      coordinate(y),
    ]);
    const length = Buffer.alloc(2);
    length.writeUInt16BE(this.id.length);
    const attested = Buffer.concat([Buffer.alloc(16), length, this.id, key]);
    const data = Buffer.concat([this.#head(lies, ATTESTED), attested]);
    const object = Buffer.concat([
      Buffer.from([0xa3]),
      textOf("fmt"),
      textOf(lies.format ?? "none"),
      textOf("attStmt"),
      Buffer.from([0xa0]),
      textOf("authData"),
      bytesOf(data),
    ]);
    return {
      ...this.#outer(),
      response: {
        clientDataJSON: this.#client("webauthn.create", challenge, lies),
        attestationObject: b64(object.subarray(0, object.length - (lies.cut ?? 0))),
        transports: ["internal"],
      },
    };
  }

  /** What `navigator.credentials.get()` gives, as JSON. */
  get(challenge: string, lies: Lies = {}) {
    this.counter++;
    const data = this.#head(lies, 0);
    const clientDataJSON = this.#client("webauthn.get", challenge, lies);
    const signed = Buffer.concat([data, sha256(Buffer.from(clientDataJSON, "base64url"))]);
    return {
      ...this.#outer(),
      response: {
        clientDataJSON,
        authenticatorData: b64(data.subarray(0, data.length - (lies.cut ?? 0))),
        signature: b64(sign("sha256", signed, lies.signer ?? this.keys.privateKey)),
        userHandle: lies.userHandle === undefined ? b64(Buffer.from(this.userId)) : lies.userHandle,
      },
    };
  }

  #outer() {
    return { id: b64(this.id), rawId: b64(this.id), type: "public-key", clientExtensionResults: {} };
  }

  #head(lies: Lies, more: number): Buffer {
    const counter = Buffer.alloc(4);
    counter.writeUInt32BE(lies.counter ?? this.counter);
    const flags = (lies.flags ?? PRESENT | VERIFIED | BACKUP) | more;
    return Buffer.concat([sha256(lies.rpId ?? this.rpId), Buffer.from([flags]), counter]);
  }

  #client(type: string, challenge: string, lies: Lies): string {
    const { origin = this.origin, crossOrigin = false } = lies;
    const said = { type: lies.type ?? type, challenge: lies.challenge ?? challenge, origin, crossOrigin };
    return b64(Buffer.from(JSON.stringify(said)));
  }
}

/** As much of CBOR (RFC 8949) as is needed here. */
function integer(value: number): Buffer {
  const [major, size] = value < 0 ? [0x20, -1 - value] : [0x00, value];
  if (size < 24) return Buffer.from([major | size]);
  return size < 256 ? Buffer.from([major | 24, size]) : Buffer.from([major | 25, size >> 8, size & 255]);
}
const textOf = (text: string): Buffer =>
  Buffer.concat([Buffer.from([0x60 | text.length]), Buffer.from(text)]);
const bytesOf = (bytes: Buffer): Buffer =>
  Buffer.concat([
    bytes.length < 24
      ? Buffer.from([0x40 | bytes.length])
      : bytes.length < 256
        ? Buffer.from([0x58, bytes.length])
        : Buffer.from([0x59, bytes.length >> 8, bytes.length & 255]),
    bytes,
  ]);
