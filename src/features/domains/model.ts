import { Type as t } from "@sinclair/typebox";
import type { StoredBranding, StoredCheck } from "../../db/schema/domains.ts";
import { isoOf, isoOrNull, nameText, nullable, oneOf, strict, Time } from "../../platform/schema.ts";

const Url = (about: string) =>
  t.Optional(
    nullable(
      t.String({ minLength: 1, maxLength: 8192, description: about, examples: ["https://example.com/"] }),
    ),
  );

const Color = t.String({ maxLength: 7, pattern: "^#[0-9a-fA-F]{6}$", description: "a colour: #rrggbb" });

const BrandingInput = strict(
  {
    name: t.Optional(nullable(nameText(60))),
    color: t.Optional(nullable(Color)),
    url: Url("Where the name leads."),
  },
  "Whose name our own pages show on this domain. What is null or left out is not shown; all of it is set at once.",
);
export type BrandingInput = typeof BrandingInput.static;

const settings = {
  caseSensitive: t.Optional(
    t.Boolean({
      description:
        "Whether /Ab and /ab are two links. Switching off is refused while two differ by case only.",
    }),
  ),
  slugLength: t.Optional(t.Integer({ minimum: 4, maximum: 64, description: "Characters of a random slug." })),
  slugAlphabet: t.Optional(
    nullable(
      t.String({
        minLength: 10,
        maxLength: 64,
        pattern: "^[A-Za-z0-9_-]*$",
        description:
          "What random slugs are made of: 10 to 64 different characters of A-Z a-z 0-9 - _, in one case only where cases are not told apart. Null for digits and small letters without look-alikes.",
        examples: ["0123456789abcdef"],
      }),
    ),
  ),
  branding: t.Optional(BrandingInput),
  rootUrl: Url("Where the bare domain leads; null for a plain page."),
  notFoundUrl: Url("Where unknown slugs lead; null for a page with 404."),
  expiredUrl: Url("Where expired links lead; null for a page with 410."),
};

export const NewDomain = strict({
  host: t.String({
    minLength: 1,
    maxLength: 255,
    description: "A host name, such as go.example.com.",
    examples: ["go.example.com"],
  }),
  isDefault: t.Optional(
    t.Boolean({
      description: "Links that name no domain go here. The first domain of a workspace is its default.",
    }),
  ),
  ...settings,
});
export type NewDomain = typeof NewDomain.static;

export const DomainPatch = strict({ isDefault: t.Optional(t.Literal(true)), ...settings });
export type DomainPatch = typeof DomainPatch.static;

const statuses = ["pending", "verified", "lost"] as const;

export const Domain = t.Object(
  {
    id: t.String({ examples: ["dom_01jd0000000000000000000000"] }),
    host: t.String(),
    isDefault: t.Boolean(),
    shared: t.Boolean({ description: "The installation's own host, which every workspace may use." }),
    caseSensitive: t.Boolean(),
    slugLength: t.Integer(),
    rootUrl: nullable(t.String()),
    notFoundUrl: nullable(t.String()),
    expiredUrl: nullable(t.String()),
    slugAlphabet: nullable(t.String()),
    branding: t.Object({
      name: nullable(t.String()),
      color: nullable(t.String()),
      url: nullable(t.String()),
    }),
    archivedAt: nullable(Time),
    status: oneOf(
      statuses,
      "`pending` until its records were seen, then `verified`, and `lost` when they lead elsewhere later.",
    ),
    verifiedAt: nullable(Time),
    checkedAt: nullable(Time),
    createdAt: Time,
    updatedAt: Time,
  },
  { $id: "Domain" },
);
export type Domain = typeof Domain.static;

const recordFields = {
  type: oneOf(["A", "AAAA", "CNAME", "TXT"]),
  name: t.String({ examples: ["go.example.com"] }),
  value: t.String({ examples: ["links.example.com"] }),
};
export const DnsRecord = t.Object(recordFields, { $id: "DnsRecord" });
export type DnsRecord = typeof DnsRecord.static;

const records = (description: string) => t.Array(t.Object(recordFields), { description });

export const Verification = t.Object(
  {
    domain: t.Object(Domain.properties),
    ownership: t.Object(
      { ...recordFields, isSet: t.Boolean() },
      { description: "The record that says whose the host is; it may go once the domain is verified." },
    ),
    points: nullable(
      oneOf(
        ["dns", "proxy"],
        "How visitors get here: by the host's own records, or through a proxy that was seen to lead here; null for not at all.",
      ),
    ),
    found: records("What is set now."),
    missing: records("What is to be added, each record exactly; nothing when all is well."),
    remove: records("What stands in the way."),
    problem: nullable(t.String({ description: "Why it could not be known, for people." })),
    siteStatus: nullable(
      t.Integer({
        description:
          "A site answers under the host today, with this status: it ends when the records are changed.",
      }),
    ),
  },
  { $id: "DomainVerification" },
);
export type Verification = typeof Verification.static;

const File = (description: string) =>
  t.Optional(nullable(t.String({ minLength: 1, maxLength: 65_536, description })));

export const DomainFilesPatch = strict({
  appleAppSiteAssociation: File(
    "JSON that ties iOS apps to the host, served at /.well-known/apple-app-site-association.",
  ),
  assetLinks: File("JSON that ties Android apps to the host, served at /.well-known/assetlinks.json."),
  robots: File("What crawlers are told, 32 kB at most; null for `Disallow: /`."),
});
export type DomainFilesPatch = typeof DomainFilesPatch.static;

export const DomainFiles = t.Object(
  {
    domainId: t.String(),
    host: t.String(),
    appleAppSiteAssociation: nullable(t.String()),
    assetLinks: nullable(t.String()),
    robots: nullable(t.String()),
    updatedAt: nullable(Time),
  },
  { $id: "DomainFiles" },
);
export type DomainFiles = typeof DomainFiles.static;

export const DomainParams = t.Object({ domain: t.String({ maxLength: 255, description: "Id or host." }) });

export const DomainTransfer = strict({
  workspaceId: t.String({
    minLength: 1,
    maxLength: 64,
    description: "Where it goes.",
    examples: ["ws_01jd0000000000000000000000"],
  }),
});
export type DomainTransfer = typeof DomainTransfer.static;

export const ServedQuery = strict({
  domain: t.String({
    minLength: 1,
    maxLength: 255,
    description: "A host name.",
    examples: ["go.example.com"],
  }),
});
export const Served = t.Object({ host: t.String() }, { $id: "ServedDomain" });

export interface DomainRow {
  readonly id: `dom_${string}`;
  readonly workspaceId: `ws_${string}` | null;
  readonly host: string;
  readonly caseSensitive: boolean;
  readonly slugLength: number;
  readonly rootUrl: string | null;
  readonly notFoundUrl: string | null;
  readonly expiredUrl: string | null;
  readonly slugAlphabet: string | null;
  readonly branding: StoredBranding | null;
  readonly archivedAt: number | null;
  readonly verifiedAt: number | null;
  readonly checkedAt: number | null;
  readonly lastCheck: StoredCheck | null;
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** What the world may see of a row, and nothing else. */
export const toDomain = (row: DomainRow, defaultDomainId: string | null): Domain => ({
  id: row.id,
  host: row.host,
  isDefault: defaultDomainId === null ? row.workspaceId === null : defaultDomainId === row.id,
  shared: row.workspaceId === null,
  caseSensitive: row.caseSensitive,
  slugLength: row.slugLength,
  rootUrl: row.rootUrl,
  notFoundUrl: row.notFoundUrl,
  expiredUrl: row.expiredUrl,
  slugAlphabet: row.slugAlphabet,
  branding: { name: null, color: null, url: null, ...row.branding },
  archivedAt: isoOrNull(row.archivedAt),
  status: statusOf(row),
  verifiedAt: isoOrNull(row.verifiedAt),
  checkedAt: isoOrNull(row.checkedAt),
  createdAt: isoOf(row.createdAt),
  updatedAt: isoOf(row.updatedAt),
});

/** The installation's own host is the operator's word. */
function statusOf({ workspaceId, verifiedAt, lastCheck }: DomainRow): Domain["status"] {
  if (workspaceId === null) return "verified";
  if (verifiedAt === null) return "pending";
  return lastCheck !== null && lastCheck.points === null && lastCheck.problem === null ? "lost" : "verified";
}
