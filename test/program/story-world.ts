import { join } from "node:path";
import { type Answer, BROWSER, type TestApp } from "../support/app.ts";
import { freePort } from "../support/free-port.ts";
import type { Asked } from "../support/operations.ts";
import { addressFor, PASSWORD, signedInAs, type TestPerson } from "../support/people.ts";
import { type SmtpSink, smtpSink, wordsOf } from "../support/smtp.ts";
import { until } from "../support/until.ts";
import { emptyFolder, type Ran, type Running, runWaypost, startWaypost } from "./executable-server.ts";

/** The compiled program as an operator runs it, behind a proxy and with a mail server, asked over HTTP alone. */
export interface Story extends Asked {
  /** Where people reach it: a name, so that there are passkeys. */
  readonly url: string;
  readonly folder: string;
  readonly sink: SmtpSink;
  /** The setup code it printed last; null once it is set up. */
  code(): string | null;
  /** The key that is asked with where no other is named, and the operator's token. */
  readonly keys: { owner: string; operator: string };
  /** Ends it without a word, and starts it again on what it left. */
  kill(): Promise<void>;
  stop(): Promise<void>;
  start(): Promise<void>;
  waypost(...args: string[]): Promise<Ran>;
  /** Waits for a letter to somebody that holds this, and was not read yet. Answers what the parentheses took. */
  letter(to: string, holds: RegExp): Promise<string>;
  close(): Promise<void>;
}

/** Mail to this host is put off, so that there is work whose time has not come. */
export const LATER = "later.example";

export async function openStory(): Promise<Story> {
  const later = { code: 451, text: "4.3.2 Come again later" };
  const sink = await smtpSink({ rcpt: (address) => (address.endsWith(`@${LATER}`) ? later : null) });
  const port = await freePort();
  const folder = emptyFolder();
  const env = {
    WAYPOST_PORT: String(port),
    WAYPOST_SMTP_URL: `smtp://127.0.0.1:${sink.port}`,
    WAYPOST_SMTP_TLS: "off",
    WAYPOST_MAIL_FROM: "Links <links@example.com>",
    WAYPOST_SIGNUP: "open",
    // Everybody has an address of their own, as behind any proxy.
    WAYPOST_TRUSTED_PROXIES: "127.0.0.1",
    // The story asks more in a minute than people do in a day.
    WAYPOST_RATE_LIMIT: "0",
    WAYPOST_RATE_LIMIT_ANONYMOUS: "0",
    WAYPOST_INVITES_PER_HOUR: "1000",
  };
  let running: Running = await startWaypost(env, folder);
  const keys = { owner: "", operator: "" };
  const read = new Set<object>();

  const call: TestApp["call"] = async (
    method,
    path,
    { body, headers, key = keys.owner, address = "192.0.2.1" } = {},
  ) => {
    const response = await fetch(`http://127.0.0.1:${port}/api/v1${path}`, {
      method,
      headers: {
        "x-forwarded-for": address,
        ...(key === null ? {} : { authorization: `Bearer ${key}` }),
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    const isJson = response.headers.get("content-type")?.startsWith("application/json");
    return {
      status: response.status,
      headers: response.headers,
      body: isJson ? JSON.parse(text) : null,
      text,
    };
  };

  return {
    url: `http://localhost:${port}`,
    folder,
    sink,
    keys,
    code: () => running.code,
    call,
    operate: (method, path, body) =>
      call(method, path, { key: keys.operator, ...(body === undefined ? {} : { body }) }),
    async kill() {
      running.process.kill("SIGKILL");
      await running.process.exited;
      running = await startWaypost(env, folder);
    },
    async stop() {
      if ((await running.stop()) !== 0) throw new Error(running.log());
    },
    async start() {
      running = await startWaypost(env, folder);
    },
    waypost: (...args) => runWaypost(args, { folder, env }),
    async letter(to, holds) {
      let taken = "";
      await until(() => {
        for (const one of sink.received.toReversed()) {
          const found = one.to === to && !read.has(one) ? holds.exec(wordsOf(one)) : null;
          if (!found) continue;
          read.add(one);
          taken = found.slice(1).join("");
          return true;
        }
        return false;
      });
      return taken;
    },
    async close() {
      running.process.kill("SIGKILL");
      await running.process.exited;
      await sink.close();
    },
  };
}

/** The whole database file, as rows of text: what a reader beside the program sees of it. */
export const databaseFile = ({ folder }: Pick<Story, "folder">): string => join(folder, "data", "waypost.db");

/** Makes an account as anybody does: by asking for one, and the link of the letter. */
export async function signUp(story: Story, email: string): Promise<TestPerson> {
  const asked = { key: null, address: addressFor(email) };
  await good(story.call("POST", "/auth/signup", { ...asked, body: { email, password: PASSWORD } }));
  const token = await story.letter(email, /\/admin#[a-z-]+=([\w-]+)/);
  await good(story.call("POST", "/auth/email/verify", { ...asked, body: { token, password: PASSWORD } }));
  return signedInAs(story, email);
}

/** Asks somebody into a workspace, as whoever has the key. Answers the id of the invitation. */
export async function invite(
  story: Story,
  { workspaceId, key, role = "viewer" }: { workspaceId: string; key?: string; role?: string },
  email: string,
): Promise<string> {
  const path = `/workspaces/${workspaceId}/invites`;
  const { data } = await good(story.call("POST", path, { ...(key && { key }), body: { email, role } }));
  return data.id;
}

export const inviteToken = (story: Story, email: string): Promise<string> =>
  story.letter(email, /\/admin#invite=(\w+)/);

/** Accepts with a new account of the address that was invited. */
export async function acceptAnew(story: Story, email: string): Promise<TestPerson> {
  const token = await inviteToken(story, email);
  const body = { token, password: PASSWORD };
  await good(story.call("POST", "/invites/accept", { key: null, body, address: addressFor(email) }));
  return signedInAs(story, email);
}

/** What was answered, when it went well. */
// biome-ignore lint/suspicious/noExplicitAny: tests look into answers as they come
export async function good(asked: Promise<Answer>): Promise<any> {
  const { status, text, body } = await asked;
  if (status >= 300) throw new Error(`${status} ${text}`);
  return body;
}

/** Runs a periodic job before its time, as an operator may, and waits for its end. */
export async function runNow(story: Story, name: string): Promise<void> {
  let id = "";
  // Its time may come in this very moment: then there is another one.
  await until(async () => {
    const { data } = await good(story.operate("GET", `/jobs?name=${name}&state=scheduled`));
    id = data[0]?.id ?? "";
    return id !== "" && (await story.operate("POST", `/jobs/${id}/retry`)).status === 200;
  });
  await until(async () => (await good(story.operate("GET", `/jobs/${id}`))).data.state === "done");
}

let made = 0;
/** A job of the workspace whose time has not come: a letter that the other side has put off. */
export async function jobPutOff(story: Story, workspaceId: string, key: string): Promise<string> {
  const path = "/jobs?name=mail.send&state=scheduled&limit=100";
  const waiting = async (): Promise<string[]> =>
    (await good(story.call("GET", path, { key }))).data.map(({ id }: { id: string }) => id);
  const before = new Set(await waiting());
  await invite(story, { workspaceId, key }, `put-off-${++made}@${LATER}`);
  let id: string | undefined;
  await until(async () => {
    id = (await waiting()).find((one) => !before.has(one));
    return id !== undefined;
  });
  return id!;
}

/** Calls off all mail whose time has not come, and gives it up, so that nothing goes on by itself. */
export async function callOff(story: Story): Promise<void> {
  const scheduled = async () =>
    (await good(story.operate("GET", "/jobs?name=mail.send&state=scheduled&limit=100"))).data;
  for (let jobs = await scheduled(); jobs.length > 0; jobs = await scheduled())
    for (const { id } of jobs) await story.operate("POST", `/jobs/${id}/cancel`);
  await until(async () => {
    const { waiting, running } = (await good(story.operate("GET", "/jobs/counts"))).data;
    return waiting + running === 0;
  });
  await runNow(story, "mail.upkeep");
}

/** Opens a short link as a browser does, by the name of its host. */
export async function visit({ url }: Story, shortUrl: string): Promise<void> {
  const { host, pathname } = new URL(shortUrl);
  const headers = { host, "user-agent": BROWSER, "x-forwarded-for": "203.0.113.5" };
  const answer = await fetch(`http://127.0.0.1:${new URL(url).port}${pathname}`, {
    headers,
    redirect: "manual",
  });
  if (answer.status !== 302) throw new Error(`${shortUrl}: ${answer.status}`);
}

/** When something was asked and answered, by a clock that is never set. */
interface Timed {
  readonly sent: number;
  readonly answered: number;
}
export interface Overlap {
  /** The refresh that replaced the token, and what it gave. */
  readonly family: Timed & { readonly next: string; readonly accessToken: string };
  /** Every further use of the token that was replaced, until it was refused. */
  readonly asked: readonly (Timed & { readonly status: number })[];
}

/** Uses a refresh token that was replaced again and again, until that is refused. */
export async function useTheOneBefore(story: Story, { refreshToken }: TestPerson): Promise<Overlap> {
  const use = async () => {
    const sent = performance.now();
    const { status, body } = await story.call("POST", "/auth/refresh-token", {
      key: null,
      body: { refreshToken },
    });
    return { status, body, sent, answered: performance.now() };
  };
  const { body, sent, answered } = await use();
  const asked: (Timed & { status: number })[] = [];
  await until(async () => {
    const { status, sent, answered } = await use();
    asked.push({ status, sent, answered });
    if (status === 200) await Bun.sleep(200);
    return status !== 200;
  });
  return {
    family: { sent, answered, next: body.data.refreshToken, accessToken: body.data.accessToken },
    asked,
  };
}
