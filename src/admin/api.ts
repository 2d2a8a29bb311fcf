import type { Overview } from "../features/analytics/model.ts";
import type { Domain } from "../features/domains/model.ts";
import type { SignedIn } from "../features/identity/auth-model.ts";
import type { User } from "../features/identity/model.ts";
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
  SignedIn,
  User,
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
  /** Opens a session in a cookie, which this page cannot read and sends by itself. */
  signIn: (email: string, password: string) =>
    begun(call<SignedIn>("POST", "/auth/signin", { email, password, session: "cookie", platform: "web" })),
  /** The second step, with a code of the app or a recovery code. */
  secondFactor: (challenge: string, given: { code: string } | { recoveryCode: string }) =>
    begun(call<SignedIn>("POST", "/auth/totp/verify", { challenge, session: "cookie", ...given })),
  passkeyOptions: () => call<PublicKeyCredentialRequestOptionsJSON>("POST", "/auth/passkeys/signin/options"),
  passkeySignIn: (credential: unknown) =>
    begun(
      call<SignedIn>("POST", "/auth/passkeys/signin", { credential, session: "cookie", platform: "web" }),
    ),
  /** Whether this browser is signed in. Null when it is not. */
  async session(): Promise<User | null> {
    try {
      const { user, csrfToken } = await call<{ user: User; csrfToken: string | null }>(
        "GET",
        "/auth/session",
      );
      csrf = csrfToken;
      return user;
    } catch (error) {
      if (error instanceof Refusal && [401, 403, 503].includes(error.status)) return null;
      throw error;
    }
  },
  async signOut(): Promise<void> {
    if (csrf !== null) await call("POST", "/auth/signout");
    csrf = null;
    sessionStorage.removeItem(WORKSPACE);
  },
  forgotPassword: (email: string) => call("POST", "/auth/password/forgot", { email }),
  resetPassword: (token: string, password: string) =>
    call("POST", "/auth/password/reset", { token, password }),
  verifyEmail: (token: string, password: string) =>
    call<User>("POST", "/auth/email/verify", { token, password }),
  confirmEmail: (token: string) => call<{ changed: boolean }>("POST", "/auth/email/confirm", { token }),
  workspaces: () => call<Workspace[]>("GET", "/workspaces"),
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

/** Of the cookie session, for its writes. Not kept: a page that is opened asks for it. */
let csrf: string | null = null;

async function begun(answer: Promise<SignedIn>): Promise<SignedIn> {
  const signedIn = await answer;
  csrf = signedIn.csrfToken;
  return signedIn;
}

/** Which workspace a person acts in; no secret. */
const WORKSPACE = "waypost.workspace";
export const chosenWorkspace = (): string | null => sessionStorage.getItem(WORKSPACE);
export const chooseWorkspace = (id: string): void => sessionStorage.setItem(WORKSPACE, id);

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
    headers: headersOf(method, path, key, body !== undefined),
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const answer: unknown = await response.json().catch(() => null);
  if (response.ok) return answer as Envelope<T>;
  const { message, error } = (answer ?? {
    message: `The server answered ${response.status}.`,
  }) as Partial<Failure>;
  if (
    response.status === 401 &&
    (key !== null || csrf !== null) &&
    tried === undefined &&
    !path.startsWith("/auth/")
  )
    refused();
  throw new Refusal(response.status, message ?? "", error?.details ?? []);
}

/** Who asks, and for which workspace: a key says both, a session is told apart by cookie and token. */
function headersOf(
  method: string,
  path: string,
  key: string | null,
  hasBody: boolean,
): Record<string, string> {
  const headers: Record<string, string> = hasBody ? { "content-type": "application/json" } : {};
  // A click that is sent twice by a nervous network makes one link.
  if (method === "POST") headers["idempotency-key"] = crypto.getRandomValues(new Uint32Array(4)).join("-");
  if (key !== null) return { ...headers, authorization: `Bearer ${key}` };
  const workspace = chosenWorkspace();
  if (workspace !== null && !path.startsWith("/auth/")) headers["x-workspace-id"] = workspace;
  if (csrf !== null && method !== "GET") headers["x-csrf-token"] = csrf;
  return headers;
}
