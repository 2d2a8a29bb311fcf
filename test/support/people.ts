import { hashOf } from "../../src/lib/secrets.ts";
import { openBody } from "../../src/platform/mail/body.ts";
import type { Answer, TestApp } from "./app.ts";

/** Somebody with an account, as a client of the API. */
export interface TestPerson {
  readonly id: string;
  readonly email: string;
  readonly password: string;
  accessToken: string;
  refreshToken: string;
  deviceToken: string;
  readonly sessionId: string;
  /** Calls as this person, with the access token. */
  call(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>;
}

export const PASSWORD = "quiet-harbour-lantern-42";

/** Makes an account as the operator does. */
export async function makeUser(app: TestApp, email = "ada@example.org", more: object = {}): Promise<string> {
  const { body, status, text } = await app.operate("POST", "/users", { email, password: PASSWORD, ...more });
  if (status !== 201) throw new Error(text);
  return body.data.id;
}

/** Signs in with the password. Each email sits at an address of its own, unless one is named. */
export async function signedInAs(
  app: Pick<TestApp, "call">,
  email = "ada@example.org",
  options: { readonly address?: string; readonly body?: object; readonly password?: string } = {},
): Promise<TestPerson> {
  const { address = addressFor(email), password = PASSWORD } = options;
  const answer = await app.call("POST", "/auth/signin", {
    key: null,
    address,
    body: { email, password, ...options.body },
  });
  if (answer.status !== 200) throw new Error(answer.text);
  const { user, session, accessToken, refreshToken, deviceToken } = answer.body.data;
  const made: TestPerson = {
    id: user.id,
    email,
    password,
    accessToken,
    refreshToken,
    deviceToken,
    sessionId: session.id,
    call(method, path, body, headers = {}) {
      return app.call(method, path, {
        key: made.accessToken,
        address,
        headers,
        ...(body === undefined ? {} : { body }),
      });
    },
  };
  return made;
}

/** An account, and somebody signed in to it. */
export async function person(app: TestApp, email = "ada@example.org"): Promise<TestPerson> {
  await makeUser(app, email);
  return signedInAs(app, email);
}

/** Where an email sits. */
export const addressFor = (email: string): string =>
  `198.51.100.${Number.parseInt(hashOf(email).slice(0, 2), 16)}`;

/** The bodies of letters to an address, newest last, once the jobs have written them. */
export async function lettersTo(
  app: TestApp,
  email: string,
): Promise<{ type: string; subject: string; text: string }[]> {
  await app.app.worker.idle();
  const { mails } = app.db.tables;
  const rows = await app.db.read.select().from(mails).orderBy(mails.id);
  return rows
    .filter(({ recipient }) => recipient === email)
    .map((row) => ({
      type: row.type,
      subject: row.subject,
      text: openBody(app.app.ports, row)?.text ?? "",
    }));
}

/** The eight digits of the last letter. */
export async function codeTo(app: TestApp, email: string): Promise<string> {
  const text = (await lettersTo(app, email)).at(-1)?.text ?? "";
  return (/\b(\d{4}) (\d{4})\b/.exec(text)?.slice(1) ?? ["", ""]).join("");
}

/** What stands behind the `=` of the link in the last letter. */
export async function tokenTo(app: TestApp, email: string): Promise<string> {
  const text = (await lettersTo(app, email)).at(-1)?.text ?? "";
  return /#[a-z-]+=([\w-]+)/.exec(text)?.[1] ?? "";
}
