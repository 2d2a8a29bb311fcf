import { Database } from "bun:sqlite";
import type { Route } from "../../../src/redirect/snapshot.ts";
import { destinationOf, slugOfLink } from "../traffic.ts";
import { domain, linkOf, serveRedirects } from "./redirect.ts";

// A million links in SQLite behind one prepared statement, and memory for as many as the first argument says.
const db = new Database(":memory:");
db.run("create table links (slug_key text primary key, position integer, destination text) without rowid");
const insert = db.prepare("insert into links values (?, ?, ?)");
db.transaction(() => {
  for (let i = 0; i < 1_000_000; i++) insert.run(slugOfLink(i), i, destinationOf(i));
})();
const find = db.prepare<{ position: number; destination: string }, [string]>(
  "select position, destination from links where slug_key = ?",
);

const resolve = (_: string, slug: string): Route => {
  const row = find.get(slug);
  return { domain, link: row && linkOf(row.position, new URL(row.destination).href) };
};
await serveRedirects({ resolve, linksMax: Number(process.argv[2]), record: () => {} });
