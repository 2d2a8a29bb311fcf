import { expect } from "bun:test";
import { type OracleRule, type OracleVisitor, oracleAnswer } from "./rule-oracle.ts";
import { type Caller, networks, places, type World } from "./rule-worlds.ts";

/** How the program under trial is asked. */
export interface Program {
  api(method: string, path: string, body?: unknown): Promise<{ status: number; data: Json; text: string }>;
  visit(slug: string, init: RequestInit & { headers: Record<string, string> }): Promise<Response>;
  /** Sets the clock where it can be set, and answers what it shows. */
  now(wanted: number): number;
  /** Whether it has been given the databases of places and networks. */
  readonly located: boolean;
  readonly host: string;
}
// biome-ignore lint/suspicious/noExplicitAny: answers are looked into as they come
type Json = any;

export interface Staged {
  readonly slug: string;
  readonly link: Json;
  readonly world: World;
  readonly rules: readonly OracleRule[];
}

/** Makes the link of a world, with its rules and splits, over the API. */
export async function stage(program: Program, slug: string, world: World): Promise<Staged> {
  const { forwardQuery } = world;
  const made = await program.api("POST", "/links", {
    destinationUrl: "https://example.com/own",
    slug,
    forwardQuery,
  });
  expect([made.status, made.text]).toEqual([201, made.text]);
  const link = made.data;
  if (world.split) await program.api("PUT", `/links/${link.id}/split`, world.split);
  const rules: OracleRule[] = [];
  for (const [i, { split, ...rule }] of world.rules.entries()) {
    const destinationUrl = `https://example.com/rule-${i}`;
    const body = { ...rule, name: `rule ${i}`, destinationUrl };
    const { status, data, text } = await program.api("POST", `/links/${link.id}/rules`, body);
    expect([status, text]).toEqual([201, text]);
    if (split) await program.api("PUT", `/links/${link.id}/split?rule=${data.id}`, split);
    rules.push({ id: data.id, ...rule, destinationUrl, ...(split ? { split } : {}) });
  }
  return { slug, link, world, rules };
}

/** Sends one caller for real, and asks what would happen; both must be what the oracle says. Answers the rule that sent them on. */
export async function tryOne(program: Program, staged: Staged, caller: Caller): Promise<string | null> {
  const { slug, link, rules, world } = staged;
  const cookies = { ...caller.cookies, ...(caller.key ? { waypost_visitor: caller.key } : {}) };
  const cookie = Object.entries(cookies)
    .map((pair) => pair.join("="))
    .join("; ");
  const before = program.now(caller.at);
  const response = await program.visit(`${slug}${caller.query ? `?${caller.query}` : ""}`, {
    method: caller.method,
    headers: {
      "user-agent": caller.userAgent,
      "x-forwarded-for": caller.ip,
      ...(caller.language ? { "accept-language": caller.language } : {}),
      ...(caller.referrer ? { referer: caller.referrer } : {}),
      ...(cookie ? { cookie } : {}),
      ...caller.headers,
    },
  });
  const after = program.now(caller.at);
  const set = /^waypost_visitor=([\w-]{22});/.exec(response.headers.get("set-cookie") ?? "")?.[1];
  const who = (at: number): OracleVisitor => ({
    ...caller,
    at,
    host: program.host,
    path: `/${slug}`,
    headers: caller.headers,
    cookies,
    place: program.located ? (places[caller.ip] ?? null) : null,
    network: program.located ? (networks[caller.ip] ?? null) : null,
    returning: caller.key !== null,
    key: caller.key ?? set ?? "",
    clicks: null,
    linkId: link.id,
  });
  const subject = {
    id: link.id,
    destinationUrl: link.destinationUrl,
    ...(world.split ? { split: world.split } : {}),
  };
  // A minute may pass between asking and answering where the clock is the world's.
  const wanted = [before, after].map((at) => oracleAnswer(subject, rules, who(at)));
  const forwards = world.forwardQuery && caller.query !== "";
  const locations = wanted.map(({ location }) => (forwards ? `${location}?${caller.query}` : location));
  const real = response.headers.get("location");
  if (real !== locations[0] && real !== locations[1])
    throw new Error(
      `sent to ${real} instead of ${locations.join(" or ")}: ${JSON.stringify({ caller, rules })}`,
    );

  const simulated = await program.api("POST", `/links/${link.id}/simulate`, {
    ip: caller.ip,
    userAgent: caller.userAgent,
    query: caller.query,
    method: caller.method,
    headers: caller.headers,
    time: new Date(after).toISOString(),
    ...(caller.language ? { language: caller.language } : {}),
    ...(caller.referrer ? { referrer: caller.referrer } : {}),
    cookies,
    ...(caller.key ? {} : { visitorKey: set ?? "A".repeat(22) }),
  });
  expect([simulated.status, simulated.text]).toEqual([200, simulated.text]);
  const { answer, rules: told } = simulated.data;
  expect([answer.location, answer.ruleId]).toEqual([locations[1]!, wanted[1]!.ruleId]);
  for (const one of told) expect(one.chosen).toBe(one.id === wanted[1]!.ruleId);
  return wanted[1]!.ruleId;
}
