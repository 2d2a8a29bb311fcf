import type { StoredCheck } from "../../db/schema/domains.ts";
import { isAddress, sameAddress } from "../../lib/ip.ts";
import { isPublic } from "../../lib/outbound/addresses.ts";
import { DnsError } from "../../lib/outbound/records.ts";
import { hashOf, macOf, sameText } from "../../lib/secrets.ts";
import { hostOf, isLoopbackHost, originOf } from "../../lib/url.ts";
import type { Context } from "../../platform/context.ts";
import type { DnsRecord } from "./model.ts";

/** What a host should have in DNS, and what it has. */
export interface Findings extends StoredCheck {
  /** What is to be added; nothing when all is as it should be. */
  readonly missing: readonly DnsRecord[];
  /** What stands in the way. */
  readonly remove: readonly DnsRecord[];
}

/** Everything together, so that a call ends well within its time. */
const CHECK_MS = 10_000;
const SITE_MS = 4000;

/** The record that says which workspace a host belongs to. It can be known before the domain is added. */
export const ownershipRecord = (workspaceId: string, host: string): DnsRecord => ({
  type: "TXT",
  name: `_waypost.${host}`,
  value: `waypost-verify=${hashOf(`domain ${workspaceId} ${host}`).slice(0, 32)}`,
});

/** What this installation alone answers under a host that reaches it, whatever stands in between. */
export const reachToken = ({ keyring }: Pick<Context, "keyring">, host: string): string =>
  macOf(keyring.codes, `reach ${host}`);

/** True when the record that names this workspace is there. @throws DnsError */
export async function isOwned(
  { dns }: Pick<Context, "dns">,
  workspaceId: string,
  host: string,
  signal: AbortSignal = AbortSignal.timeout(CHECK_MS),
): Promise<boolean> {
  const { name, value } = ownershipRecord(workspaceId, host);
  return (await dns.records(name, "TXT", signal)).includes(value);
}

/** Asks DNS, and whoever answers under the host. Never inside `change`. */
export async function checkHost(ctx: Context, workspaceId: string, host: string): Promise<Findings> {
  const signal = AbortSignal.timeout(CHECK_MS);
  try {
    return await findings(ctx, workspaceId, host, signal);
  } catch (error) {
    if (!(error instanceof DnsError)) throw error;
    const unknown = { owned: false, points: null, found: [], siteStatus: null, missing: [], remove: [] };
    return { ...unknown, problem: error.message };
  }
}

async function findings(
  ctx: Context,
  workspaceId: string,
  host: string,
  signal: AbortSignal,
): Promise<Findings> {
  const { dns } = ctx;
  const proof = ownershipRecord(workspaceId, host);
  const ask = (name: string, type: "A" | "AAAA" | "CNAME" | "TXT") => dns.records(name, type, signal);
  const [texts, aliases, v4, v6, target] = await Promise.all([
    ask(proof.name, "TXT"),
    ask(host, "CNAME"),
    ask(host, "A"),
    ask(host, "AAAA"),
    targetOf(ctx, signal),
  ]);
  const owned = texts.includes(proof.value);
  const addresses = [...v4, ...v6];
  const expected = (address: string) => target.addresses.some((one) => sameAddress(one, address));
  const direct =
    (target.host !== null && aliases.includes(target.host)) ||
    (addresses.length > 0 && addresses.every(expected));
  const answer = direct || addresses.length === 0 ? null : await whoAnswers(ctx, host, signal);
  const points = pointsBy(direct, answer);
  const found = foundRecords(host, { proof, texts, aliases, addresses, expected });
  // Where there is an alias, no zone begins.
  const isZone = aliases.length === 0 && (await dns.records(host, "SOA", signal)).length > 0;
  const wanted = points === null ? recordsTo(target, host, isZone) : [];
  const isSet = (one: DnsRecord) => found.some((had) => had.type === one.type && had.value === one.value);
  return {
    owned,
    points,
    found,
    missing: [...(owned ? [] : [proof]), ...wanted.filter((one) => !isSet(one))],
    remove: points === null ? inTheWay(found, wanted, aliases.length > 0) : [],
    problem:
      points === null && wanted.length === 0
        ? "It is not known where hosts should point: the operator sets WAYPOST_DOMAINS_ADDRESSES."
        : null,
    siteStatus: answer && !answer.isOurs ? answer.status : null,
  };
}

const pointsBy = (direct: boolean, answer: Answering | null): Findings["points"] =>
  direct ? "dns" : answer?.isOurs ? "proxy" : null;

function foundRecords(
  host: string,
  has: {
    readonly proof: DnsRecord;
    readonly texts: readonly string[];
    readonly aliases: readonly string[];
    readonly addresses: readonly string[];
    expected(address: string): boolean;
  },
): DnsRecord[] {
  // What the operator's own DNS says of the inside is nobody's business.
  const shown = (address: string) =>
    has.expected(address) || isPublic(address) ? address : "an address inside";
  return [
    ...has.texts.map((value): DnsRecord => ({ ...has.proof, value: value.slice(0, 255) })),
    ...has.aliases.map((value): DnsRecord => ({ type: "CNAME", name: host, value })),
    ...has.addresses.map((value): DnsRecord => ({ ...recordOf(host, value), value: shown(value) })),
  ];
}

const recordOf = (name: string, address: string): DnsRecord => ({
  type: address.includes(":") ? "AAAA" : "A",
  name,
  value: address,
});

interface Target {
  /** The installation's own name, for aliases; null when it has none that others can ask for. */
  readonly host: string | null;
  readonly addresses: readonly string[];
}

/** Where hosts should point: what the operator says, else what the installation's own name stands for. */
async function targetOf(ctx: Context, signal: AbortSignal): Promise<Target> {
  const base = ctx.baseUrl();
  const own = base === null ? null : originOf(base).host;
  const named = own === null || isLoopbackHost(own) ? null : own;
  const host = named === null ? null : hostOf(named);
  const configured = ctx.config.WAYPOST_DOMAINS_ADDRESSES;
  if (configured.length > 0) return { host, addresses: configured };
  const literal = named?.replace(/^\[(.*)\]$/, "$1") ?? "";
  if (isAddress(literal)) return { host: null, addresses: [literal] };
  if (host === null) return { host, addresses: [] };
  const both = await Promise.all([ctx.dns.records(host, "A", signal), ctx.dns.records(host, "AAAA", signal)]);
  return { host, addresses: both.flat() };
}

/** An alias where the name may have one: at the beginning of a zone DNS forbids it (RFC 1034, 3.6.2). */
function recordsTo({ host: alias, addresses }: Target, host: string, isZone: boolean): DnsRecord[] {
  if (alias !== null && !isZone) return [{ type: "CNAME", name: host, value: alias }];
  return addresses.map((address) => recordOf(host, address));
}

/** An alias suffers nothing beside it; addresses that are not ours take visitors elsewhere. */
function inTheWay(found: readonly DnsRecord[], wanted: readonly DnsRecord[], isAlias: boolean): DnsRecord[] {
  const keeps = (one: DnsRecord) =>
    wanted.some(({ type, value }) => type === one.type && value === one.value);
  return found.filter((one) => {
    if (one.type === "TXT" || keeps(one)) return false;
    // The addresses of an alias are those of its target, and go with it.
    return isAlias ? one.type === "CNAME" : true;
  });
}

interface Answering {
  readonly isOurs: boolean;
  readonly status: number;
}

/** Who answers under the host today, by the one door; a step from http:// to https:// is gone along. Null for nobody. */
async function whoAnswers(ctx: Context, host: string, signal: AbortSignal): Promise<Answering | null> {
  const ask = (scheme: string) => {
    const url = `${scheme}://${host}${REACH_PATH}`;
    const limits = { timeoutMs: SITE_MS, bytesMax: 4096, cut: true };
    return ctx.outbound.request({ url, plain: true, signal, ...limits }).catch(() => null);
  };
  const first = await ask("http");
  if (first === null) return null;
  const next = URL.parse(first.headers.get("location") ?? "", first.url);
  const isStep = first.status >= 300 && next?.hostname === host && next.protocol === "https:";
  const answer = isStep ? ((await ask("https")) ?? first) : first;
  return { isOurs: sameText(answer.text().trim(), reachToken(ctx, host)), status: answer.status };
}

/** Where this installation says that it is reached. */
export const REACH_PATH = "/.well-known/waypost";
