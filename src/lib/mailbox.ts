/** One address, with the name before it. */
export interface Mailbox {
  readonly name: string;
  readonly address: string;
}

/**
 * `Ada <ada@example.com>` or `ada@example.com`; null for anything else. The address is WHATWG's, which is what
 * browsers take in a form: no comments, no quotes, nothing that could become a second recipient or a header.
 */
export function parseMailbox(text: string): Mailbox | null {
  const match = /^(?:([^<>"\r\n]{0,100})<([^<>\s]+)>|([^<>\s]+))$/.exec(text.trim());
  const address = match?.[2] ?? match?.[3] ?? "";
  return ADDRESS.test(address) && address.length <= 254 ? { name: (match?.[1] ?? "").trim(), address } : null;
}

const ADDRESS =
  /^[a-zA-Z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)*$/;

/** What must be the same for two spellings to be one address: as accounts are compared. */
export const addressKey = (address: string): string => address.normalize("NFC").toLowerCase();
