import { Database } from "bun:sqlite";
import type { Answer } from "../support/app.ts";
import { nowhere } from "../support/matrix.ts";
import {
  type Api,
  isOperators,
  isPersonal,
  type Operation,
  validBody,
  validQuery,
} from "../support/operations.ts";
import { databaseFile, good, type Story } from "./story-world.ts";

/** Whoever asks from another workspace. */
export interface Stranger {
  readonly name: string;
  /** Whether it is a person, who may all that a role or an account may; a key may all that a role may. */
  readonly isPerson: boolean;
  /** Where there are no members, roles and invitations: those are of the live side. */
  readonly isOnTestSide: boolean;
  readonly workspaceId: string;
  call(method: string, path: string, body?: unknown): Promise<Answer>;
}

/**
 * Every id of a workspace at every place of every path, beside one that is made up in its place. Answers what was told
 * of the one and not of the other, and what was not a 404.
 */
export async function tryIds(
  api: Api,
  stranger: Stranger,
  { ids, workspaceId }: { ids: readonly string[]; workspaceId: string },
): Promise<{ wrong: string[]; asked: number }> {
  const wrong: string[] = [];
  let asked = 0;
  for (const operation of api.operations.filter(({ named, permission }) => named && permission)) {
    const body = validBody(api, operation);
    const told = await Promise.all(
      pathsOf(operation, ids, stranger, workspaceId).map(async ([real, madeUp]) => {
        const at = (path: string) => stranger.call(operation.method, path + validQuery(api, operation), body);
        const [of, no] = [seen(await at(real)), seen(await at(madeUp))];
        asked += 2;
        const refusal = mayTry(stranger, operation) ? "[404," : "[403,";
        return of === no && of.startsWith(refusal)
          ? []
          : [`${operation.method} ${real} by ${stranger.name}: ${of}; made up: ${no}`];
      }),
    );
    wrong.push(...told.flat());
  }
  return { wrong, asked };
}

/** A path with an id in it, and the same path with one that nobody has. */
function pathsOf(
  { path, inside }: Operation,
  ids: readonly string[],
  { workspaceId: own, isOnTestSide }: Stranger,
  theirs: string,
): (readonly [string, string])[] {
  const workspaces = inside ? [...(isOnTestSide ? [] : [own]), theirs] : [""];
  return workspaces.flatMap((workspace) =>
    ids.map((id) => {
      const at = (one: string, place: string) =>
        path.replace(inside ? "{workspace}" : "\n", place).replace(/\{\w+\}/, one);
      const place = workspace === theirs ? nowhere(theirs) : workspace;
      return [at(id, workspace), at(nowhere(id), place)] as const;
    }),
  );
}

const mayTry = ({ isPerson }: Stranger, operation: Operation): boolean =>
  !isOperators(operation) && (isPerson || !isPersonal(operation));

const seen = ({ status, body }: Answer): string => JSON.stringify([status, body?.message, body?.error]);

/** Goes on by itself, or is only counted: when something was used last, what runs, how often was tried. */
const RESTLESS = new Set(["jobs", "throttles", "rate_windows", "audit_seals", "proofs"]);
const BESIDE = new Set(["last_used_at", "used_at", "seal"]);

/** All there is, as the API tells it and as it stands in the file; without what strangers' own workspaces have on record. */
export async function stateOf(
  story: Story,
  { workspaceId, key }: { workspaceId: string; key: string },
  strangers: readonly unknown[],
): Promise<Record<string, string>> {
  const state: Record<string, string> = {};
  const inside = `/workspaces/${workspaceId}`;
  for (const path of [
    ...["/links?limit=100&archived=any", "/domains?limit=100", "/keys?limit=100", "/extensions?limit=100"],
    ...["/mail?limit=100", "/workspace", "/audit?limit=100", "/jobs/counts", inside, `${inside}/usage`],
    ...[`${inside}/members?limit=100`, `${inside}/roles`, `${inside}/invites?limit=100`],
  ])
    state[path] = JSON.stringify((await good(story.call("GET", path, { key }))).data).replace(
      /"lastUsedAt":("[^"]*"|null)/g,
      "",
    );
  const file = new Database(databaseFile(story), { readonly: true });
  const tables = file
    .query<{ name: string }, []>("select name from sqlite_master where type = 'table'")
    .all();
  for (const { name } of tables) {
    if (RESTLESS.has(name)) continue;
    const rows = file.query<Record<string, unknown>, []>(`select * from "${name}"`).all();
    state[name] = rows
      .filter((row) => name !== "events" || !strangers.includes(row["workspace_id"]))
      .map((row) => JSON.stringify(Object.entries(row).filter(([column]) => !BESIDE.has(column))))
      .sort()
      .join("\n");
  }
  file.close();
  return state;
}

/** Whether all work is done whose time has come: letters about what was just made are on their way for a while. */
export function isQuiet(story: Story): boolean {
  const file = new Database(databaseFile(story), { readonly: true });
  const { left } = file
    .query<{ left: number }, []>("select count(*) as left from jobs where state in ('waiting', 'running')")
    .get()!;
  file.close();
  return left === 0;
}

/** What is otherwise than before, by name. */
export const changed = (before: Record<string, string>, after: Record<string, string>): string[] =>
  Object.keys(before).filter((name) => before[name] !== after[name]);
