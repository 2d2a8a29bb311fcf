import type { Answer } from "./app.ts";
import {
  type Api,
  addressOf,
  isPersonal,
  type Operation,
  surprises,
  validBody,
  validQuery,
} from "./operations.ts";
import type { TestPerson } from "./people.ts";

/**
 * Whose the thing is that a call names: the caller's, another's (by the caller's own workspace or by that one, where
 * the path names both), nobody's; in a workspace that is nowhere; or it names none.
 */
export type Whose = "theirs" | "another's" | "nowhere" | "in another's" | "in no workspace" | "none";

export function placesOf({ named, inside }: Pick<Operation, "named" | "inside">): Whose[] {
  if (named === null) return ["none"];
  return [
    "theirs",
    "another's",
    "nowhere",
    ...(inside ? (["in another's", "in no workspace"] as const) : []),
  ];
}

/** An id like this one that nobody has. */
export const nowhere = (id: string): string => id.replace(/.{4}$/, "zzzz");

/** What keys do not do although they have the permission: a person with a fresh proof is needed. */
export const peopleAlone = new Set([
  "deleteWorkspace",
  "restoreWorkspace",
  "offerTransfer",
  "transferLink",
  "transferDomain",
]);
/** What belongs to no workspace: everybody who may see any sees all. */
export const shared = new Set(["tier", "user"]);

/** What finds nothing although it may be done: examples name no link and are no file, and somebody else keeps the view for themselves. */
export const notThere: Readonly<Record<string, number>> = {
  getQrSheet: 404,
  createImport: 415,
  getView: 404,
  updateView: 404,
  deleteView: 404,
};

/** Whether somebody is told that they lack the permission, and nothing else. */
export const lacks = ({ permission }: Operation, { status, body }: Answer): boolean =>
  status === 403 && body.message === `This needs the permission ${permission}.`;

/** What an answer tells beyond its schema, or does not tell. */
export function undocumented(api: Api, operation: Operation, { status, body }: Answer): string[] {
  const schema = operation.answers[status];
  return status < 300 && schema && body ? surprises(api, schema, body) : [];
}

/**
 * What is a person's own and does not succeed as it stands here, with whose word it is. Each is proved whole where it
 * is named.
 */
const personally: Readonly<Record<string, readonly [status: number, why: string]>> = {
  enableTotp: [401, "the digits are made up: test/features/identity/totp.test.ts"],
  renewRecoveryCodes: [409, "there is no second factor: test/features/identity/totp.test.ts"],
  disableTotp: [409, "there is no second factor: test/features/identity/totp.test.ts"],
  addPasskey: [401, "nobody signed it: test/features/identity/passkeys.test.ts"],
  leaveWorkspace: [409, "its last owner stays: test/features/members/members.test.ts"],
  getTransfer: [404, "nothing was offered: test/features/members/transfer.test.ts"],
  cancelTransfer: [404, "nothing was offered: test/features/members/transfer.test.ts"],
  acceptTransfer: [404, "nothing was offered: test/features/members/transfer.test.ts"],
};

/** After these somebody else has to go on. */
export const endings = new Set(["signOut", "deleteAccount", "changePassword", "acceptInvite"]);

export const personalOperations = (api: Api): Operation[] => api.operations.filter(isPersonal);

const personalCall = (api: Api, them: TestPerson, operation: Operation, id: string): Promise<Answer> =>
  them.call(
    operation.method,
    addressOf(operation, id, "") + validQuery(api, operation),
    validBody(api, operation),
  );

/** What another's thing looks like to somebody, if it does not look like one that is nowhere. */
export async function seenOfAnothers(
  api: Api,
  them: TestPerson,
  operation: Operation,
  theirs: string,
): Promise<string[]> {
  const looks: string[] = [];
  for (const id of [theirs, nowhere(theirs)]) {
    const { status, body } = await personalCall(api, them, operation, id);
    looks.push(JSON.stringify([status, body.message, body.error]));
  }
  const [of, no] = looks;
  const fine = of === no && of!.startsWith("[404,");
  return fine ? [] : [`${operation.id} tells what is another's: ${of}; nowhere: ${no}`];
}

/** What is wrong with what somebody does to a thing of their own. */
export async function wrongOfOwn(
  api: Api,
  them: TestPerson,
  operation: Operation,
  id: string,
): Promise<string[]> {
  const answer = await personalCall(api, them, operation, id);
  const [wanted] = personally[operation.id] ?? [/^create/.test(operation.id) ? 201 : 200];
  return [
    ...(answer.status === wanted ? [] : [`${operation.id}: ${answer.status} ${answer.body?.message}`]),
    ...undocumented(api, operation, answer).map((at) => `${operation.id} tells ${at}`),
  ];
}
