import { and, eq, or, type SQL, sql } from "drizzle-orm";
import type { Database } from "../../db/database.ts";
import { AppError } from "../../lib/errors.ts";
import type { Id } from "../../lib/ids.ts";
import { foldSlug } from "../../lib/slug.ts";
import type { Actor } from "../../platform/context.ts";

type Names = Readonly<Record<string, string>>;

/** Why something is not found that stands on the other side of the caller's workspace; null when it does not. */
export type OtherSide = (actor: Actor, names: Names) => Promise<AppError | null>;

/**
 * Live and test are two sides of a workspace with data of their own. Whoever asks on one side for what stands on the
 * other of the same workspace is told so; what is another workspace's stays not found. `names` is what was asked for:
 * `link`, `key`, `folderId` …, and with `link` also `domain`.
 */
export function openOtherSide(db: Database): OtherSide {
  const across = sideAcross(db);
  return async (actor, names) => {
    if (actor.workspaceId === null) return null;
    const other = await across(actor.workspaceId);
    if (other === null) return null;
    for (const { thing, value } of Object.entries(names).flatMap(thingsNamed))
      if (await isThere(db, other, thing, value, names))
        return new AppError("FORBIDDEN", sentence(actor, thing, other));
    return null;
  };
}

interface Side {
  readonly id: Id<"ws">;
  readonly side: "live" | "test";
}

/** Finds the other side; null where a workspace has one only. Whatever is not found asks this. */
function sideAcross({ prepare, tables: { workspaces } }: Database) {
  const id = sql.placeholder("id");
  const liveOf = prepare<{ id: Id<"ws"> | null }>((read) =>
    read.select({ id: workspaces.testOf }).from(workspaces).where(eq(workspaces.id, id)).limit(1),
  );
  const testOf = prepare<{ id: Id<"ws"> }>((read) =>
    read.select({ id: workspaces.id }).from(workspaces).where(eq(workspaces.testOf, id)).limit(1),
  );
  return async (workspaceId: Id<"ws">): Promise<Side | null> => {
    const live = await liveOf({ id: workspaceId });
    if (live?.id) return { id: live.id, side: "live" };
    const test = await testOf({ id: workspaceId });
    return test ? { id: test.id, side: "test" } : null;
  };
}

/** What a side has of its own, by the name that paths and queries give it, and what a sentence calls it. */
const things = {
  link: ["links", "link"],
  rule: ["rules", "rule"],
  comment: ["linkComments", "comment"],
  template: ["qrTemplates", "template"],
  domain: ["domains", "domain"],
  tag: ["tags", "tag"],
  folder: ["folders", "folder"],
  campaign: ["campaigns", "campaign"],
  utmTemplate: ["utmTemplates", "UTM template"],
  view: ["views", "view"],
  key: ["keys", "key"],
  extension: ["extensions", "extension"],
  mail: ["mails", "mail"],
  job: ["jobs", "job"],
  export: ["exports", "export"],
  import: ["imports", "import"],
} as const satisfies Readonly<Record<string, readonly [keyof Database["tables"], string]>>;
type Thing = keyof typeof things;
const isThing = (name: string): name is Thing => Object.hasOwn(things, name);

/** A query says `folderId`, and `links` of several. */
function thingsNamed([name, value]: [string, string]): { thing: Thing; value: string }[] {
  if (name === "links") return value.split(",").map((one) => ({ thing: "link", value: one }));
  const thing = name.replace(/Id$/, "");
  return isThing(thing) ? [{ thing, value }] : [];
}

async function isThere(
  db: Database,
  { id: workspaceId, side }: Side,
  thing: Thing,
  value: string,
  names: Names,
): Promise<boolean> {
  // The test side finds the domains of the live side as if they were its own.
  if (thing === "domain" && side === "live") return false;
  if (thing === "link") return isLinkThere(db, workspaceId, value, names["domain"]);
  const table = db.tables[things[thing][0]];
  // The tables differ in the prefix of their ids only, which the type checker takes for everything.
  const byId = sql`${table.id} = ${value}`;
  const named = thing === "domain" ? or(byId, eq(db.tables.domains.host, value.toLowerCase())) : byId;
  const rows = await db.read
    .select({ id: table.id })
    .from(table)
    .where(and(eq(table.workspaceId, workspaceId), named))
    .limit(1);
  return rows.length > 0;
}

/** By id, by its external id, or with a domain by its slug. */
async function isLinkThere(db: Database, workspaceId: Id<"ws">, link: string, domain: string | undefined) {
  const { links, domains } = db.tables;
  const named: SQL | undefined =
    domain !== undefined
      ? and(
          or(eq(domains.id, domain as Id<"dom">), eq(domains.host, domain.toLowerCase())),
          or(eq(links.slugKey, foldSlug(link, true)), eq(links.slugKey, foldSlug(link, false))),
        )
      : link.startsWith("ext_")
        ? eq(links.externalId, link.slice(4))
        : eq(links.id, link as Id<"link">);
  const rows = await db.read
    .select({ id: links.id })
    .from(links)
    .innerJoin(domains, eq(domains.id, links.domainId))
    .where(and(eq(links.workspaceId, workspaceId), named))
    .limit(1);
  return rows.length > 0;
}

function sentence({ application }: Actor, thing: Thing, { id, side }: Side): string {
  const here = side === "live" ? "test" : "live";
  const what = things[thing][1];
  if (application === null)
    return `You are on the ${here} side of the workspace, and this ${what} belongs to the ${side} side: send X-Workspace-Id: ${id}.`;
  return `This is a ${here} key, and this ${what} belongs to the ${side} side: use a ${side} key.`;
}
