import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { emptyFolder, eventually, type Running, runWaypost, startWaypost } from "./executable-server.ts";

const SETUP_KEY = "provisioned-by-nobody-in-particular-0001";

/** The same commands, whether a server holds the data folder or not. */
for (const running of [true, false])
  describe(running ? "beside a running server" : "with no server running", () => {
    let server: Running | null = null;
    let folder: string;
    const waypost = (...args: string[]) =>
      runWaypost(args, { folder, env: { WAYPOST_SETUP_KEY: SETUP_KEY } });

    beforeAll(async () => {
      folder = emptyFolder();
      if (running) server = await startWaypost({ WAYPOST_SETUP_KEY: SETUP_KEY }, folder);
    });
    afterAll(async () => {
      await server?.stop();
    });

    test("link create prints the short URL and nothing else", async () => {
      const { code, out, err } = await waypost(
        "link",
        "create",
        "https://example.com/a",
        "--slug",
        "first",
        "--tags",
        "x, y",
      );
      expect(err).not.toContain("waypost:");
      expect(code).toBe(0);
      expect(out).toMatch(/^https?:\/\/\S+\/first\n$/);
    });

    test("link list shows it in a table, and as JSON", async () => {
      const text = await waypost("link", "list");
      expect(text.out).toMatch(/SHORT URL\s+DESTINATION\s+CLICKS/);
      expect(text.out).toContain("https://example.com/a");
      const [link] = JSON.parse((await waypost("link", "list", "--search", "first", "--json")).out);
      expect(link).toMatchObject({ slug: "first", tags: ["x", "y"], clicks: 0 });
      expect((await waypost("link", "list", "--archived")).out).toBe("No links.\n");
    });

    test("link show takes an id, a slug with its domain, and a short URL", async () => {
      const [link] = JSON.parse((await waypost("link", "list", "--json")).out);
      for (const args of [[link.id], [link.slug, "--domain", link.domain], [link.shortUrl]])
        expect((await waypost("link", "show", ...args)).out).toContain(link.id);
      expect(await waypost("link", "show", "nothing")).toMatchObject({ code: 1, out: "" });
    });

    test("what the API refuses is exit 1, in the API's words", async () => {
      const taken = await waypost("link", "create", "https://example.com/b", "--slug", "first");
      expect(taken.code).toBe(1);
      expect(taken.err).toContain("in use");
      const wrong = await waypost("link", "create", "javascript:alert(1)");
      expect(wrong).toMatchObject({ code: 1, out: "" });
      expect(wrong.err).toContain("http");
    });

    test("user create takes the password from standard input alone", async () => {
      const made = await runWaypost(["user", "create", "ada@example.com", "--password-stdin", "--json"], {
        folder,
        env: { WAYPOST_SETUP_KEY: SETUP_KEY },
        stdin: "correct horse battery\n",
      });
      expect(JSON.parse(made.out)).toMatchObject({ email: "ada@example.com", operator: false });
      expect(await waypost("user", "create", "ada@example.com")).toMatchObject({ code: 1 });
    });

    test("token create prints a key that works", async () => {
      const { out } = await waypost("token", "create", "CI", "--role", "viewer");
      expect(out).toMatch(/^way_sk_live_\w+\n$/);
      if (!server) return;
      expect((await server.api("GET", "/links", { key: out.trim() })).status).toBe(200);
      expect((await server.api("POST", "/links", { key: out.trim(), body: {} })).status).toBe(403);
    });

    test("a workspace that is not there is exit 2, with the list of those that are", async () => {
      const { code, err } = await waypost("link", "list", "--workspace", "nowhere");
      expect(code).toBe(2);
      expect(err).toContain("ws_");
    });

    test("migrate says that nothing is to be done, or who holds the folder", async () => {
      const { code, out, err } = await waypost("migrate");
      expect(code).toBe(running ? 1 : 0);
      expect(running ? err : out).toContain(running ? "Another Waypost process" : "up to date");
    });
  });

test("commands on an installation that was never set up say what to do", async () => {
  const { code, err } = await runWaypost(["link", "list"], { folder: emptyFolder() });
  expect(code).toBe(1);
  expect(err).toMatch(/set up/);
});

test("jobs are listed, shown, called off and let begin anew from the command line", async () => {
  const server = await startWaypost({ WAYPOST_SETUP_KEY: SETUP_KEY });
  const waypost = (...args: string[]) => runWaypost(args, { folder: server.folder });
  const list = async (...args: string[]) => JSON.parse((await waypost("job", "list", "--json", ...args)).out);
  const text = await waypost("job", "list");
  expect(text.out).toMatch(/ID\s+NAME\s+STATE/);
  expect(text.out).toMatch(/^\d+ scheduled, \d+ waiting/m);
  const { jobs } = await list("--name", "links.empty-trash");
  expect(jobs).toHaveLength(1);
  expect((await waypost("job", "show", jobs[0].id)).out).toMatch(/args\s+\{\}/);
  expect((await waypost("job", "cancel", jobs[0].id)).out).toMatch(/state\s+cancelled/);
  expect((await list("--state", "cancelled")).jobs).toHaveLength(1);
  expect((await waypost("job", "retry", jobs[0].id)).code).toBe(0);
  const done = await eventually(
    () => list("--state", "done", "--name", "links.empty-trash"),
    (answer) => answer.jobs.length === 1,
  );
  expect(done.counts.done).toBeGreaterThanOrEqual(1);
  expect(await waypost("job", "cancel", jobs[0].id)).toMatchObject({ code: 1, out: "" });
  expect(await waypost("job", "show", "job_none")).toMatchObject({ code: 1, out: "" });
  expect(await server.stop()).toBe(0);
});
