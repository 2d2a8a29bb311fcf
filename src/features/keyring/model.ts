import { Type as t } from "@sinclair/typebox";
import { Time } from "../../platform/schema.ts";

/** What may be told of a key: never the key. */
export const SealingKey = t.Object(
  {
    id: t.String({ examples: ["7d2k9qhm"] }),
    newest: t.Boolean({ description: "It seals what is new." }),
    sealed: t.Integer({ description: "Secrets that it has sealed. A key with none can be retired." }),
    usedSince: Time,
  },
  { $id: "SealingKey" },
);
export type SealingKey = typeof SealingKey.static;
