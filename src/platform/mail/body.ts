import type { MailBody } from "../../db/schema/mail.ts";
import type { Id } from "../../lib/ids.ts";
import type { Ports } from "../context.ts";
import type { SealedColumn } from "../resealing.ts";
import { isSealed, Unsealable } from "../sealing.ts";

const purpose = (mailId: string) => `mail.body ${mailId}`;

/** What a mail says may open an account: it is kept sealed. */
export const sealBody = ({ seal }: Pick<Ports, "seal">, id: Id<"mail">, body: MailBody): string =>
  seal.seal(JSON.stringify(body), purpose(id));

/** Null for one that was deleted, and for one whose key is lost, which is the same to everybody. */
export function openBody(
  { seal, log }: Pick<Ports, "seal" | "log">,
  { id, body }: { readonly id: Id<"mail">; readonly body: string | null },
): MailBody | null {
  if (body === null) return null;
  try {
    // Versions without a key ring wrote it as it is; the first start of this one seals it.
    return JSON.parse(isSealed(body) ? seal.open(body, purpose(id)) : body) as MailBody;
  } catch (error) {
    if (!(error instanceof Unsealable)) throw error;
    log.warning("what a mail says cannot be read any more", { mailId: id, error });
    return null;
  }
}

/** For the rotation of keys. */
export const sealedMailBodies: SealedColumn = {
  name: "mail bodies",
  of: ({ mails }) => ({ table: mails, id: mails.id, sealed: mails.body }),
  purpose,
};
