import type { Id } from "../../src/lib/ids.ts";
import type { People } from "../../src/platform/callers.ts";
import type { Permission } from "../../src/platform/permissions.ts";
import type { HandClock } from "./clock.ts";

export interface ShownPerson {
  readonly operator?: boolean;
  /** They have proved who they are too long ago for what is dangerous. */
  readonly stale?: boolean;
  /** A personal token that is limited to these. */
  readonly scopes?: readonly Permission[];
}

/** A bearer token by which `testPeople` knows somebody. */
export const personToken = (userId: string, shown: ShownPerson = {}): string =>
  `person.${Buffer.from(JSON.stringify({ userId, ...shown })).toString("base64url")}`;

/** People who are known by a token that says who they are: for tests that are not about signing in. */
export const testPeople = (clock: Pick<HandClock, "now">): People => ({
  async byBearer(token) {
    if (!token.startsWith("person.")) return null;
    const { userId, operator, stale, scopes } = JSON.parse(
      Buffer.from(token.slice(7), "base64url").toString(),
    ) as ShownPerson & { userId: Id<"usr"> };
    return {
      userId,
      sessionId: null,
      provedAt: stale ? 0 : clock.now(),
      operator: operator ?? false,
      scopes: scopes === undefined ? null : new Set(scopes),
    };
  },
  byCookie: async () => null,
});
