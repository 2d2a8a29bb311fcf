import { eq, sql } from "drizzle-orm";
import type { Config } from "../../config.ts";
import type { Database } from "../../db/database.ts";
import { withoutPort } from "../../lib/url.ts";
import type { FileName } from "./file-formats.ts";
import { isTrusted } from "./served.ts";

export interface ServedFiles {
  /** The answer to a request for one of the files; null when the host has none of its own, or the path is another's. */
  answer(request: Request): Response | null | Promise<Response | null>;
}

/** Where each file is asked for. Apple's programs of before 2016 ask at the root. */
const paths: Readonly<Record<string, FileName>> = {
  "/.well-known/apple-app-site-association": "appleAppSiteAssociation",
  "/apple-app-site-association": "appleAppSiteAssociation",
  "/.well-known/assetlinks.json": "assetLinks",
  "/robots.txt": "robots",
};

const types: Readonly<Record<FileName, string>> = {
  appleAppSiteAssociation: "application/json",
  assetLinks: "application/json",
  robots: "text/plain; charset=utf-8",
};

interface FoundRow {
  readonly workspaceId: `ws_${string}` | null;
  readonly verifiedAt: number | null;
  readonly deletedAt: number | null;
  readonly appleAppSiteAssociation: string | null;
  readonly assetLinks: string | null;
  readonly robots: string | null;
}

/** Answers programs by what is stored, which is asked each time: they come seldom, and keep what they got. */
export function openServedFiles(db: Database, config: Pick<Config, "WAYPOST_DOMAINS_VERIFY">): ServedFiles {
  const { domains, domainFiles, workspaces } = db.tables;
  const find = db.prepare<FoundRow>((read) =>
    read
      .select({
        workspaceId: domains.workspaceId,
        verifiedAt: domains.verifiedAt,
        deletedAt: workspaces.deletedAt,
        appleAppSiteAssociation: domainFiles.appleAppSiteAssociation,
        assetLinks: domainFiles.assetLinks,
        robots: domainFiles.robots,
      })
      .from(domains)
      .innerJoin(domainFiles, eq(domainFiles.domainId, domains.id))
      .innerJoin(workspaces, eq(workspaces.id, domains.workspaceId))
      .where(eq(domains.host, sql.placeholder("host")))
      .limit(1),
  );
  const answerOf = (row: FoundRow | undefined, name: FileName): Response | null => {
    const text = row && row.deletedAt === null && isTrusted(row, config) ? row[name] : null;
    return text === null ? null : new Response(text, { headers: headersOf(name) });
  };
  return {
    answer(request) {
      const { pathname, host } = new URL(request.url);
      const name = Object.hasOwn(paths, pathname) ? paths[pathname] : undefined;
      if (name === undefined) return null;
      const row = find({ host: withoutPort(host).replace(/\.$/, "") });
      return row instanceof Promise ? row.then((late) => answerOf(late, name)) : answerOf(row, name);
    },
  };
}

const headersOf = (name: FileName) => ({
  "content-type": types[name],
  "cache-control": "public, max-age=300",
  "x-content-type-options": "nosniff",
});
