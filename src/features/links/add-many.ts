import { openBreath } from "../../lib/breath.ts";
import { AppError } from "../../lib/errors.ts";
import type { Context } from "../../platform/context.ts";
import type { Change } from "../../platform/events.ts";
import { refuseArchived } from "../domains/find.ts";
import type { DomainRow } from "../domains/model.ts";
import { reachOf } from "../folders/access.ts";
import { type Taken, takeTags } from "../tags/take.ts";
import { visible } from "./conditions.ts";
import { domainFor, type Known, rowOf, type Ties, tiesOf } from "./create.ts";
import { externalIdTaken, slugTaken } from "./errors.ts";
import { linkCreated } from "./events.ts";
import { selectByDestinations, selectMany, selectTaken } from "./many-store.ts";
import { type Link, type LinkRow, type NewLink, withTotals } from "./model.ts";
import { coreOf, insertLinks, linkOf } from "./store.ts";
import { searchText } from "./words.ts";

/** A link to be made. */
export interface Entry {
  readonly input: NewLink;
  readonly passwordHash?: string | null | undefined;
}
/** What became of one of many. */
export type Outcome =
  | { readonly status: 200 | 201; readonly link: Link }
  | { readonly status: "refused"; readonly error: AppError };

interface Planned {
  readonly domain: DomainRow;
  readonly ties: Ties;
  row: LinkRow;
}

const RANDOM_TRIES = 8;

/**
 * Makes up to a thousand links in one change, as `createLink` would one after the other; one that is refused does not
 * hold up the others. What is the same for all is asked once, and what is taken is asked for all at once.
 * @param stores false for saying only what would be: the change must then be given up
 */
export async function addLinks(
  tx: Change,
  ctx: Context,
  entries: readonly Entry[],
  stores = true,
): Promise<Outcome[]> {
  const plans = await planned(tx, ctx, entries);
  const taken = await takenBy(tx, ctx, plans);
  const existing = await existingFor(tx, ctx, plans, entries);
  const breathe = openBreath();
  const outcomes: Outcome[] = [];
  const rows: LinkRow[] = [];
  const tags = tagBook(tx, ctx);
  for (const [i, plan] of plans.entries()) {
    await breathe();
    if (plan instanceof AppError) {
      outcomes.push({ status: "refused", error: plan });
      continue;
    }
    const { input } = entries[i]!;
    const sameAs = destinationKey(plan.row);
    const there = input.findExisting ? existing.get(sameAs) : undefined;
    if (there) {
      outcomes.push({ status: 200, link: there });
      continue;
    }
    const row = await placed(tx, ctx, plan, input, taken, tags);
    if (row instanceof AppError) {
      outcomes.push({ status: "refused", error: row });
      continue;
    }
    const { domain } = plan;
    const core = coreOf(ctx, { row, host: domain.host });
    const link = withTotals(core, null);
    rows.push(row);
    if (stores) tx.record(linkCreated, row.id, core);
    outcomes.push({ status: 201, link });
    if (row.destinationHash !== "") existing.set(sameAs, link);
  }
  if (stores) await insertLinks(tx, rows);
  return outcomes;
}

async function planned(tx: Change, ctx: Context, entries: readonly Entry[]): Promise<(Planned | AppError)[]> {
  const breathe = openBreath();
  const known = remembering(tx);
  const domains = new Map<string | undefined, Promise<DomainRow>>();
  const tie = tying(tx, ctx);
  const plans: (Planned | AppError)[] = [];
  for (const { input, passwordHash = null } of entries) {
    await breathe();
    try {
      const asked = domains.get(input.domain) ?? domainFor(tx, ctx, input.domain);
      domains.set(input.domain, asked);
      const domain = await asked;
      refuseArchived(domain);
      const ties = await tie(input);
      const row = await rowOf(known, ctx, domain, input, ties);
      plans.push({ domain, ties, row: passwordHash === null ? row : { ...row, passwordHash } });
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      plans.push(error);
    }
  }
  return plans;
}

/** Folders and campaigns, each asked once. Tags come last: a link that is refused makes none. */
function tying(tx: Change, ctx: Context): (input: NewLink) => Promise<Ties> {
  const asked = new Map<string, Promise<Ties>>();
  return ({ destinationUrl, folderId = null, campaignId = null }) => {
    const key = JSON.stringify([folderId, campaignId]);
    const ties = asked.get(key) ?? tiesOf(tx, ctx, { destinationUrl, folderId, campaignId });
    asked.set(key, ties);
    return ties;
  };
}

type TagBook = (names: readonly string[]) => Promise<Taken[]>;

/** Takes tags by their names, each asked once. */
function tagBook(tx: Change, ctx: Context): TagBook {
  const known = new Map<string, Taken>();
  return async (names) => {
    for (const name of names) {
      if (known.has(name)) continue;
      const [one] = await takeTags(tx, ctx, [name]);
      known.set(name, one!);
    }
    return [...new Map(names.map((name) => [known.get(name)!.id, known.get(name)!])).values()];
  };
}

async function tagged(row: LinkRow, names: readonly string[], take: TagBook): Promise<LinkRow> {
  if (names.length === 0) return row;
  const taken = await take(names);
  const after = { ...row, tags: taken.map(({ name }) => name), tagIds: taken.map(({ id }) => id) };
  return { ...after, searchText: searchText(after) };
}

function orRefusal(error: unknown): AppError {
  if (error instanceof AppError) return error;
  throw error;
}

/** A transaction that asks what it is asked again only once. */
function remembering(tx: Change): Known {
  const answers = new Map<unknown, Map<string, Promise<readonly never[]>>>();
  return {
    now: tx.now,
    select: tx.select.bind(tx),
    known(build, parameters) {
      const asked = answers.get(build) ?? new Map<string, Promise<readonly never[]>>();
      const key = JSON.stringify(parameters);
      const answer = asked.get(key) ?? tx.known(build, parameters);
      answers.set(build, asked.set(key, answer as Promise<readonly never[]>));
      return answer;
    },
  } as Known;
}

interface InUse {
  readonly slugs: Set<string>;
  readonly externalIds: Set<string>;
}
const slugOf = ({ domainId, slugKey }: LinkRow): string => `${domainId}\n${slugKey}`;
const destinationKey = ({ domainId, destinationHash }: LinkRow): string => `${domainId}\n${destinationHash}`;

async function takenBy(tx: Change, ctx: Context, plans: readonly (Planned | AppError)[]): Promise<InUse> {
  const rows = plans.flatMap((plan) => (plan instanceof AppError ? [] : [plan.row]));
  const slugs = new Set<string>();
  for (const [domainId, here] of Map.groupBy(rows, (row) => row.domainId))
    for (const slugKey of await selectTaken(
      tx,
      ctx,
      domainId,
      here.map((row) => row.slugKey),
    ))
      slugs.add(`${domainId}\n${slugKey}`);
  const externalIds = rows.flatMap(({ externalId }) => externalId ?? []);
  const found = await selectMany(tx, ctx, { externalIds }, undefined);
  return { slugs, externalIds: new Set(found.flatMap(({ row }) => row.externalId ?? [])) };
}

/** The newest in use for each destination that may be found. */
async function existingFor(
  tx: Change,
  ctx: Context,
  plans: readonly (Planned | AppError)[],
  entries: readonly Entry[],
): Promise<Map<string, Link>> {
  const hashes = plans.flatMap((plan, i) =>
    plan instanceof AppError || !entries[i]!.input.findExisting || plan.row.destinationHash === ""
      ? []
      : [plan.row.destinationHash],
  );
  const found =
    hashes.length === 0
      ? []
      : await selectByDestinations(tx, ctx, [...new Set(hashes)], visible(ctx, await reachOf(tx, ctx)));
  return new Map(found.map((one) => [destinationKey(one.row), linkOf(ctx, one)]));
}

/** Takes slug and external id for the row, drawing another slug when chance gave one in use. Answers why not, else the row with its tags. */
async function placed(
  tx: Change,
  ctx: Context,
  plan: Planned,
  input: NewLink,
  taken: InUse,
  tags: TagBook,
): Promise<AppError | LinkRow> {
  for (let tries = 1; taken.slugs.has(slugOf(plan.row)); tries++) {
    if (input.slug !== undefined) return slugTaken(input.slug);
    if (tries === RANDOM_TRIES)
      return new AppError("CONFLICT", "No free random slug was found: raise slugLength of the domain.");
    const { passwordHash } = plan.row;
    const drawn = { ...(await rowOf(tx, ctx, plan.domain, input, plan.ties)), passwordHash };
    for (const _ of await selectTaken(tx, ctx, drawn.domainId, [drawn.slugKey]))
      taken.slugs.add(slugOf(drawn));
    plan.row = drawn;
  }
  const { externalId } = plan.row;
  if (externalId !== null && taken.externalIds.has(externalId)) return externalIdTaken();
  if (externalId !== null) taken.externalIds.add(externalId);
  taken.slugs.add(slugOf(plan.row));
  return tagged(plan.row, input.tags ?? [], tags).catch(orRefusal);
}
