import { eq } from "drizzle-orm";
import type { RoleName } from "../../src/db/schema/workspaces.ts";
import type { Id } from "../../src/lib/ids.ts";
import type { People } from "../../src/platform/callers.ts";
import type { Permission } from "../../src/platform/permissions.ts";
import type { Answer, TestApp } from "./app.ts";

export interface ShownPerson {
  readonly operator?: boolean;
  /** They have proved who they are too long ago for what is dangerous. */
  readonly stale?: boolean;
  /** A personal token that is limited to these. */
  readonly scopes?: readonly Permission[];
}

/** A bearer token by which `teamPeople` knows somebody. */
export const personToken = (userId: string, shown: ShownPerson = {}): string =>
  `person.${Buffer.from(JSON.stringify({ userId, ...shown })).toString("base64url")}`;

/** People who are known by a token that says who they are: for tests that are not about signing in. */
export const teamPeople: People = {
  async byBearer(token) {
    if (!token.startsWith("person.")) return null;
    const { userId, operator, stale, scopes } = JSON.parse(
      Buffer.from(token.slice(7), "base64url").toString(),
    ) as ShownPerson & { userId: Id<"usr"> };
    return {
      userId,
      sessionId: null,
      provedAt: stale ? 0 : Number.MAX_SAFE_INTEGER,
      operator: operator ?? false,
      scopes: scopes === undefined ? null : new Set(scopes),
    };
  },
  byCookie: async () => null,
};

export interface TestPerson {
  readonly id: string;
  readonly email: string;
  /** Their bearer token. */
  readonly key: string;
  call(method: string, path: string, body?: unknown, workspaceId?: string): Promise<Answer>;
  /** The same person with another token. */
  shown(how: ShownPerson): TestPerson;
}

/** Makes an account on an app with `teamPeople`. */
export async function makePerson(app: TestApp, email: string): Promise<TestPerson> {
  const { body } = await app.operate("POST", "/users", { email });
  const of = (how: ShownPerson): TestPerson => {
    const key = personToken(body.data.id, how);
    return {
      id: body.data.id,
      email,
      key,
      call: (method, path, input, workspaceId) =>
        app.call(method, path, {
          key,
          ...(input === undefined ? {} : { body: input }),
          ...(workspaceId === undefined ? {} : { headers: { "x-workspace-id": workspaceId } }),
        }),
      shown: of,
    };
  };
  return of({});
}

/** As if they had answered a letter: accounts that the operator makes have not. */
export async function confirmAddress(app: TestApp, email: string): Promise<void> {
  const { users } = app.db.tables;
  await app.db.transaction((tx) =>
    tx.update(users).set({ emailVerifiedAt: tx.now }).where(eq(users.email, email)),
  );
}

/** Makes somebody a member, without an invitation. */
export async function enrol(app: TestApp, workspaceId: string, userId: string, role: string): Promise<void> {
  await app.db.transaction((tx) =>
    tx.insert(app.db.tables.members).values({
      workspaceId: workspaceId as Id<"ws">,
      userId: userId as Id<"usr">,
      role: role as RoleName,
      createdAt: tx.now,
    }),
  );
}
