/**
 * The process that `columns-kill.ts` kills: appends batches, seals them into small blocks, joins these and forgets links, as
 * fast as it can, and prints the place each batch has reached. Usage: bun columns-driver.ts <data folder>
 */
import { writeSync } from "node:fs";
import { openColumns } from "../../src/clicks/columns/store.ts";
import { click, DAY_MS, T } from "../contracts/click-questions.ts";
import { GONE_CLICKS, KEPT_CLICKS, TAIL_MAX } from "./columns-kill.ts";

const store = openColumns(process.argv[2] ?? "", { tailMax: TAIL_MAX });
const DIGITS = "0123456789abcdefghjkmnpqrstvwxyz";
/** Ids are numbered, not drawn: one that is there twice was counted twice. */
function idOf(batch: number, i: number): string {
  const number = batch * 64 + i;
  const digits = [25, 20, 15, 10, 5, 0].map((shift) => DIGITS[(number >> shift) & 31]!);
  return `clk_01kaaaaaaa${digits.join("")}aaaaaaaaaa`;
}

for (let { offset } = await store.position(); ; ) {
  offset += 8;
  const batch = offset / 8;
  const at = T + Math.floor(batch / 60) * DAY_MS + batch;
  const kept = Array.from({ length: KEPT_CLICKS }, (_, i) =>
    click({
      id: idOf(batch, i),
      at: at + i,
      linkId: `link_${(batch + i) % 23}`,
      visitor: BigInt(1 + ((batch * i) % 97)),
      utmContent: `n${batch}`,
    }),
  );
  const gone = Array.from({ length: GONE_CLICKS }, (_, i) =>
    click({ id: idOf(batch, KEPT_CLICKS + i), at: at + i, linkId: `gone_${batch % 5}` }),
  );
  await store.append([...kept, ...gone], { segment: 1, offset });
  if (batch % 3 === 0) await store.forget({ workspaceId: "ws_1", linkId: `gone_${batch % 5}` });
  await store.durable();
  writeSync(1, `${offset}\n`);
}
