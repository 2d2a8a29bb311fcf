import { type Outcome, outcomes, type Trigger, triggers } from "../../redirect/visit.ts";
import { type Click, type Verdict, verdicts } from "../click.ts";
import { type Batch, newBatch } from "./batch.ts";
import { countedAsOf, DAY_MS } from "./counted.ts";
import type { Dictionary } from "./dictionary.ts";

const outcomeCodes = codes<Outcome>(outcomes);
const triggerCodes = codes<Trigger>(triggers);
const verdictCodes = codes<Verdict>(verdicts);

/** Makes columns of clicks, and numbers of their texts. To be called inside a transaction. */
export function batchOf(clicks: readonly Click[], dictionary: Dictionary): Batch {
  const batch = newBatch(clicks.length);
  const { at, visitor, chance, numbers } = batch;
  dictionary.links(clicks, numbers.link);
  const workspaceOf = lately(dictionary.text);
  const domainOf = lately(dictionary.text);
  for (let i = 0; i < clicks.length; i++) {
    const click = clicks[i]!;
    at[i] = click.at;
    chance[i] = chanceOf(click.id);
    whole[0] = click.visitor;
    mixDay(Math.floor(click.at / DAY_MS));
    visitor[2 * i] = words[0]! ^ mix[0]!;
    visitor[2 * i + 1] = words[1]! ^ mix[1]!;
    numbers.workspace[i] = workspaceOf(click.workspaceId);
    numbers.domain[i] = domainOf(click.domainId);
    numbers.version[i] = click.linkVersion;
    numbers.outcome[i] = outcomeCodes[click.outcome];
    numbers.trigger[i] = triggerCodes[click.trigger];
    numbers.rule[i] = dictionary.text(click.ruleId);
    numbers.variant[i] = dictionary.text(click.variantId);
    numbers.verdict[i] = verdictCodes[click.verdict];
    numbers.reason[i] = dictionary.text(click.reason);
    numbers.counted[i] = countedAsOf(click);
    numbers.network[i] = dictionary.text(click.network);
    numbers.agent[i] = agentOf(dictionary, click);
    numbers.referrer[i] = referrerOf(dictionary, click);
    numbers.language[i] = dictionary.text(click.language);
    numbers.campaign[i] = campaignOf(dictionary, click);
  }
  return batch;
}

/** Remembers the last answer: neighbours are mostly of one workspace and domain. */
function lately(number: (text: string) => number): (text: string) => number {
  let last = "";
  let known = 0;
  return (text) => {
    if (text === last) return known;
    known = number(text);
    last = text;
    return known;
  };
}

const whole = new BigUint64Array(1);
const words = new Uint32Array(whole.buffer);
let mixedDay = Number.NaN;
const mixed = new BigUint64Array(1);
const mix = new Uint32Array(mixed.buffer);

/** A visitor's hash is mixed with the day, whatever the hash: a bijection, so two visitors of one day never become one. */
function mixDay(day: number): void {
  if (day === mixedDay) return;
  mixedDay = day;
  mixed[0] = BigInt.asUintN(64, BigInt(day) * 0x9e37_79b9_7f4a_7c15n);
}

/** Where chance begins in `clk_` + 26 digits. */
const CHANCE_AT = 14;
const digits = new Uint8Array(128);
for (const [value, digit] of [..."0123456789abcdefghjkmnpqrstvwxyz"].entries())
  digits[digit.charCodeAt(0)] = value;

/** The first 32 bits of the chance in a click's id: with its millisecond they tell it from any other. */
export function chanceOf(id: string, from = CHANCE_AT): number {
  let bits = 0;
  for (let place = from; place < from + 6; place++) bits = (bits << 5) | digits[id.charCodeAt(place) & 127]!;
  return ((bits << 2) | (digits[id.charCodeAt(from + 6) & 127]! >> 3)) >>> 0;
}

const agentOf = ({ agents }: Dictionary, click: Click): number =>
  agents.known(click.agentKey) ??
  agents.of(
    [click.browserVersion, click.browser, click.osVersion, click.os, click.engine, click.device],
    click.agentKey,
  );

function referrerOf({ referrers }: Dictionary, { referrerHost, referrerUrl, referrerKey }: Click): number {
  if (referrerHost === "" && referrerUrl === "") return 0;
  return referrers.known(referrerKey) ?? referrers.of([referrerUrl, referrerHost], referrerKey);
}

function campaignOf({ campaigns }: Dictionary, click: Click): number {
  const { utmSource, utmMedium, utmCampaign, utmTerm, utmContent, campaignKey } = click;
  const isNone =
    utmSource === "" && utmMedium === "" && utmCampaign === "" && utmTerm === "" && utmContent === "";
  if (isNone) return 0;
  return (
    campaigns.known(campaignKey) ??
    campaigns.of([utmCampaign, utmSource, utmMedium, utmContent, utmTerm], campaignKey)
  );
}

function codes<Name extends string>(names: readonly Name[]): Readonly<Record<Name, number>> {
  return Object.fromEntries(names.map((name, code) => [name, code])) as Record<Name, number>;
}
