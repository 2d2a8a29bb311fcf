import { Type as t } from "@sinclair/typebox";
import { isoOf, nullable, strict, Time } from "../../platform/schema.ts";

const Url = (about: string) =>
  t.Optional(
    nullable(
      t.String({ minLength: 1, maxLength: 8192, description: about, examples: ["https://example.com/"] }),
    ),
  );

const settings = {
  caseSensitive: t.Optional(
    t.Boolean({
      description:
        "Whether /Ab and /ab are two links. Switching off is refused while two differ by case only.",
    }),
  ),
  slugLength: t.Optional(t.Integer({ minimum: 4, maximum: 64, description: "Characters of a random slug." })),
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
    createdAt: Time,
    updatedAt: Time,
  },
  { $id: "Domain" },
);
export type Domain = typeof Domain.static;

export interface DomainRow {
  readonly id: `dom_${string}`;
  readonly workspaceId: `ws_${string}` | null;
  readonly host: string;
  readonly caseSensitive: boolean;
  readonly slugLength: number;
  readonly rootUrl: string | null;
  readonly notFoundUrl: string | null;
  readonly expiredUrl: string | null;
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
  createdAt: isoOf(row.createdAt),
  updatedAt: isoOf(row.updatedAt),
});
