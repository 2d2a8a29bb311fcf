import { crc32 } from "node:zlib";
import {
  type Method,
  methods,
  type Outcome,
  outcomes,
  type Trigger,
  triggers,
  type Visit,
} from "../../redirect/visit.ts";
import { drawChance } from "./chance.ts";
import {
  AGENT_BYTES_MAX,
  FIXED_BYTES,
  FLAG_OPTED_OUT,
  ID_BYTES_MAX,
  LANGUAGE_BYTES_MAX,
  PURPOSE_BYTES_MAX,
  QUERY_BYTES_MAX,
  RECORD_MARK,
  RECORD_VERSION,
  REFERRER_BYTES_MAX,
} from "./layout.ts";
import { cutInto } from "./network.ts";
import type { Page } from "./page.ts";

const outcomeCodes = codes<Outcome>(outcomes);
const triggerCodes = codes<Trigger>(triggers);
const methodCodes = codes<Method>(methods);

/**
 * Writes a visit as one record at `at` (a multiple of 8) and returns its length, or 0 when an id is longer than
 * a record holds. The bytes go straight into the page: this runs on every redirect. The first word is stored
 * last and atomically, so whoever reads along sees a whole record or none; a process killed half way leaves
 * a zero there, which reads as the end.
 *
 * @param seed what the CRC starts from, `seedAt` of the record's place in its segment
 * @param visitor eight bytes of visitor hash, as two words; zeros for nobody
 */
export function encodeVisit(
  page: Page,
  at: number,
  seed: number,
  visit: Visit,
  visitor: Uint32Array,
): number {
  const { bytes, halves, words } = page;
  const { domain, link, userAgent, referrer, language, purpose, query, ruleId, variantId } = visit;
  const workspaceId = link === null ? (domain.workspaceId ?? "") : link.workspaceId;
  const linkId = link === null ? "" : link.id;
  if (workspaceId.length > ID_BYTES_MAX || domain.id.length > ID_BYTES_MAX || linkId.length > ID_BYTES_MAX)
    return 0;
  if (ruleId.length > ID_BYTES_MAX || variantId.length > ID_BYTES_MAX) return 0;

  bytes[at + 8] = RECORD_VERSION;
  bytes[at + 9] = outcomeCodes[visit.outcome];
  bytes[at + 10] = triggerCodes[visit.trigger];
  bytes[at + 11] = methodCodes[visit.method];
  bytes[at + 12] = visit.optedOut ? FLAG_OPTED_OUT : 0;
  bytes[at + 13] = cutInto(bytes, at + 44, visit.address);
  const word = at >> 2;
  words[word + 4] = visit.at;
  halves[(at >> 1) + 10] = visit.at / 4_294_967_296;
  drawChance(halves, (at >> 1) + 11, words, word + 6);
  words[word + 8] = visitor[0]!;
  words[word + 9] = visitor[1]!;
  words[word + 10] = link === null ? 0 : link.version;

  let end = at + FIXED_BYTES;
  end += bytes[at + 56] = text(page, end, workspaceId, ID_BYTES_MAX);
  end += bytes[at + 57] = text(page, end, domain.id, ID_BYTES_MAX);
  end += bytes[at + 58] = text(page, end, linkId, ID_BYTES_MAX);
  end += bytes[at + 59] = text(page, end, ruleId, ID_BYTES_MAX);
  end += bytes[at + 60] = text(page, end, variantId, ID_BYTES_MAX);
  end += bytes[at + 61] = text(page, end, language, LANGUAGE_BYTES_MAX);
  end += bytes[at + 62] = text(page, end, purpose, PURPOSE_BYTES_MAX);
  bytes[at + 63] = 0;
  const half = (at >> 1) + 25;
  end += halves[half] = text(page, end, userAgent, AGENT_BYTES_MAX);
  end += halves[half + 1] = text(page, end, referrer, REFERRER_BYTES_MAX);
  end += halves[half + 2] = text(page, end, query, QUERY_BYTES_MAX);
  while ((end & 7) !== 0) bytes[end++] = 0;

  const units = (end - at) >> 3;
  halves[(at >> 1) + 7] = units;
  words[word + 1] = crc32(bytes.subarray(at + 8, end), seed);
  Atomics.store(page.marks, word, (RECORD_MARK << 16) | units);
  return end - at;
}

/** Writes a text, cut at a character's end, and returns its bytes. */
const text = (page: Page, at: number, value: string, bytesMax: number): number =>
  value === "" ? 0 : page.bytes.utf8Write(value, at, bytesMax);

function codes<Name extends string>(names: readonly Name[]): Readonly<Record<Name, number>> {
  return Object.fromEntries(names.map((name, code) => [name, code])) as Record<Name, number>;
}
