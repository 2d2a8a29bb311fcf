import type { KeyAuthentication } from "../features/keys/authenticate.ts";
import { type Memberships, openCallers, type People } from "../platform/callers.ts";
import { operatorPermissions } from "../platform/permissions.ts";

interface Ways {
  readonly keys: KeyAuthentication;
  readonly people: People;
  /** Whom tests bring. */
  readonly others: People | undefined;
  readonly memberships: Memberships;
}

/** Every way in: a bearer token is a personal one, or a session's. */
export const callersOf = ({ keys, people, others, memberships }: Ways) =>
  openCallers({
    people: {
      byBearer: async (token, address) =>
        (await keys.byPersonalToken(token, address)) ??
        (await others?.byBearer(token, address)) ??
        people.byBearer(token, address),
      byCookie: people.byCookie,
    },
    applications: keys,
    memberships,
    operatorPermissions,
  });
