import type { Overview } from "../features/analytics/model.ts";
import type { Domain } from "../features/domains/model.ts";
import type { Acceptance, Accepted, ReceivedInvite } from "../features/invites/model.ts";
import type { Link, NewLink } from "../features/links/model.ts";
import type { SetupInput, SetupResult } from "../features/setup/model.ts";
import type { Workspace } from "../features/workspaces/model.ts";

export type {
  Acceptance,
  Accepted,
  Domain,
  Link,
  NewLink,
  Overview,
  ReceivedInvite,
  SetupInput,
  SetupResult,
  Workspace,
};

export interface Counts {
  readonly clicks: number;
  readonly uniqueClicks: number;
  readonly botClicks: number;
}
export type Bucket = Counts & { readonly start: string };
export type Group = Counts & { readonly value: string };
export type LinkList = "active" | "archived" | "trash";
export interface LinkPage {
  readonly links: readonly Link[];
  readonly total: number;
  readonly nextCursor: string | null;
}

/** Everything the page asks of the server. The only caller of fetch here. */
export const api = {
  setupState: () => call<{ needed: boolean }>("GET", "/setup"),
  setUp: (input: SetupInput) => call<SetupResult>("POST", "/setup", input),
  lookAtInvite: (token: string) => call<ReceivedInvite>("POST", "/invites/look", { token }),
  acceptInvite: (input: Acceptance) => call<Accepted>("POST", "/invites/accept", input),
  workspace: () => call<Workspace>("GET", "/workspace"),
  /** Asks with a key that is not kept yet. */
  tryKey: (key: string) => envelope<Workspace>("GET", "/workspace", undefined, key),
  domains: () => call<Domain[]>("GET", "/domains?limit=100"),
  createLink: (input: NewLink) => call<Link>("POST", "/links", input),
  async links(list: LinkList, search: string, limit: number, cursor: string | null): Promise<LinkPage> {
    const filter = {
      active: {},
      archived: { archived: "true" },
      trash: { deleted: "true", archived: "any" },
    }[list];
    const query = { ...filter, limit: String(limit), ...(search && { search }), ...(cursor && { cursor }) };
    const { data, pagination } = await envelope<Link[]>("GET", `/links?${new URLSearchParams(query)}`);
    return {
      links: data,
      total: pagination?.total ?? data.length,
      nextCursor: pagination?.nextCursor ?? null,
    };
  },
  link: (id: string) => call<Link>("GET", `/links/${encodeURIComponent(id)}`),
  archive: (id: string) => call<Link>("POST", `/links/${id}/archive`),
  unarchive: (id: string) => call<Link>("POST", `/links/${id}/unarchive`),
  trash: (id: string) => call<Link>("DELETE", `/links/${id}`),
  restore: (id: string) => call<Link>("POST", `/links/${id}/restore`),
  overview: (query: Question) =>
    call<Overview>("GET", `/analytics/overview?${new URLSearchParams({ ...query })}`),
  timeseries: (query: Question) =>
    call<Bucket[]>("GET", `/analytics/timeseries?${new URLSearchParams({ ...query, granularity: "day" })}`),
  top: (query: Question, by: string) =>
    call<Group[]>("GET", `/analytics/top?${new URLSearchParams({ ...query, by, limit: "5" })}`),
};

export interface Question {
  readonly link: string;
  readonly from: string;
  readonly timezone: string;
}

/** A refusal, in the server's own words. `fields` holds what is wrong with each field, by its name. */
export class Refusal extends Error {
  override readonly name = "Refusal";
  readonly status: number;
  readonly fields: ReadonlyMap<string, string>;
  constructor(status: number, message: string, details: readonly { path: string; message: string }[]) {
    super(message);
    this.status = status;
    this.fields = new Map(details.map(({ path, message: text }) => [path.split("/")[1] ?? "", text]));
  }
}

/** The key lives as long as the tab: closing it is signing out. */
const KEY = "waypost.key";
export const hasKey = (): boolean => sessionStorage.getItem(KEY) !== null;
export const keepKey = (key: string): void => sessionStorage.setItem(KEY, key);
export const forgetKey = (): void => sessionStorage.removeItem(KEY);

let refused = (): void => {};
/** What happens when a key that was good is so no longer. */
export const onRefused = (what: () => void): void => {
  refused = what;
};

interface Envelope<T> {
  readonly data: T;
  readonly pagination?: { readonly total: number; readonly nextCursor: string | null };
}
interface Failure {
  readonly message: string;
  readonly error: { readonly details: { path: string; message: string }[] };
}

const call = async <T>(method: string, path: string, body?: unknown): Promise<T> =>
  (await envelope<T>(method, path, body)).data;

async function envelope<T>(
  method: string,
  path: string,
  body?: unknown,
  tried?: string,
): Promise<Envelope<T>> {
  const key = tried ?? sessionStorage.getItem(KEY);
  const response = await fetch(`/api/v1${path}`, {
    method,
    headers: {
      ...(key === null ? {} : { authorization: `Bearer ${key}` }),
      ...(body === undefined ? {} : { "content-type": "application/json" }),
      // A click that is sent twice by a nervous network makes one link.
      ...(method === "POST"
        ? { "idempotency-key": crypto.getRandomValues(new Uint32Array(4)).join("-") }
        : {}),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const answer: unknown = await response.json().catch(() => null);
  if (response.ok) return answer as Envelope<T>;
  const { message, error } = (answer ?? {
    message: `The server answered ${response.status}.`,
  }) as Partial<Failure>;
  if (response.status === 401 && key !== null && tried === undefined) refused();
  throw new Refusal(response.status, message ?? "", error?.details ?? []);
}
