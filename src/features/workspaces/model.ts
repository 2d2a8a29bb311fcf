import { Type as t } from "@sinclair/typebox";
import type { LinkDefaults, WorkspaceBrand } from "../../db/schema/workspaces.ts";
import { isoOf, isoOrNull, nameText, nullable, oneOf, strict, Time } from "../../platform/schema.ts";

export const WorkspaceName = nameText(100, { examples: ["Acme"] });

const Slug = t.String({
  minLength: 3,
  maxLength: 48,
  pattern: "^[a-z0-9]+(-[a-z0-9]+)*$",
  description: "lower-case letters, digits and single hyphens, unique in the installation",
  examples: ["acme"],
});

const TimeZone = t.String({
  minLength: 1,
  maxLength: 64,
  description: "An IANA time zone; what days and months are counted in when a question names none.",
  examples: ["Europe/Vienna"],
});
const Locale = t.String({
  minLength: 2,
  maxLength: 35,
  description: "A BCP 47 language; mail to people who have no account yet is written in it.",
  examples: ["de-AT"],
});

const Brand = strict(
  {
    name: t.Optional(nullable(nameText(100))),
    logoUrl: t.Optional(nullable(t.String({ maxLength: 2048, description: "https:// only." }))),
    website: t.Optional(nullable(t.String({ maxLength: 2048 }))),
    color: t.Optional(
      nullable(t.String({ maxLength: 7, pattern: "^#[0-9a-fA-F]{6}$", description: "a colour: #rrggbb" })),
    ),
  },
  "What mail and pages of the workspace show. What is null or left out is the installation's.",
);

const Defaults = strict(
  {
    redirectStatus: t.Optional(
      nullable(t.Union([t.Literal(301), t.Literal(302), t.Literal(307), t.Literal(308)])),
    ),
    forwardQuery: t.Optional(nullable(t.Boolean())),
  },
  "What a new link has when nothing is said.",
);

const settings = {
  slug: t.Optional(Slug),
  timeZone: t.Optional(TimeZone),
  locale: t.Optional(Locale),
  brand: t.Optional(Brand),
  linkDefaults: t.Optional(Defaults),
};

export const NewWorkspace = strict({ name: WorkspaceName, ...settings });
export type NewWorkspace = typeof NewWorkspace.static;

export const WorkspacePatch = strict({
  name: t.Optional(WorkspaceName),
  ...settings,
  defaultDomainId: t.Optional(
    nullable(
      t.String({
        maxLength: 40,
        description: "Where links go that name no domain; null for the installation's own host.",
      }),
    ),
  ),
});
export type WorkspacePatch = typeof WorkspacePatch.static;

const fields = {
  id: t.String({ examples: ["ws_01jd0000000000000000000000"] }),
  name: t.String(),
  slug: nullable(t.String()),
  environment: oneOf(["live", "test"]),
  liveId: t.String({ description: "The workspace itself." }),
  testId: nullable(
    t.String({ description: "Its test side: what test keys see and make, apart from everything live." }),
  ),
  isPersonal: t.Boolean(),
  timeZone: t.String(),
  locale: t.String(),
  brand: t.Object({
    name: nullable(t.String()),
    logoUrl: nullable(t.String()),
    website: nullable(t.String()),
    color: nullable(t.String()),
  }),
  linkDefaults: t.Object({
    redirectStatus: nullable(t.Integer()),
    forwardQuery: nullable(t.Boolean()),
  }),
  defaultDomainId: nullable(t.String()),
  createdAt: Time,
  updatedAt: Time,
  deletedAt: nullable(Time),
  purgeAt: nullable(t.String({ description: "Until then it can be restored." })),
};
export const Workspace = t.Object(fields, { $id: "Workspace" });
export type Workspace = typeof Workspace.static;

/** A workspace as one of its members sees it. */
export const MyWorkspace = t.Object(
  {
    ...fields,
    role: t.String({ description: "owner, admin, editor, viewer, or the id of a role of the workspace." }),
    permissions: t.Array(t.String()),
  },
  { $id: "MyWorkspace" },
);
export type MyWorkspace = typeof MyWorkspace.static;

const Counted = t.Object({ links: t.Integer(), archivedLinks: t.Integer(), trashedLinks: t.Integer() });
export const Usage = t.Object(
  {
    live: Counted,
    test: Counted,
    domains: t.Integer(),
    keys: t.Integer({ description: "Keys in force, of both sides." }),
    members: t.Integer(),
    invites: t.Integer({ description: "Invitations that can be accepted." }),
    month: t.Object({
      from: Time,
      timeZone: t.String(),
      clicks: t.Integer(),
      uniqueClicks: t.Integer(),
      botClicks: t.Integer(),
    }),
  },
  { $id: "Usage" },
);
export type Usage = typeof Usage.static;

export const Typed = strict({
  confirm: t.String({ maxLength: 100, description: "The workspace's name, exactly: so that it is meant." }),
});

export interface WorkspaceRow {
  readonly id: `ws_${string}`;
  readonly name: string;
  readonly slug: string | null;
  readonly testOf: `ws_${string}` | null;
  readonly personalOf: `usr_${string}` | null;
  readonly timeZone: string;
  readonly locale: string;
  readonly brand: WorkspaceBrand;
  readonly linkDefaults: LinkDefaults;
  readonly defaultDomainId: `dom_${string}` | null;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly deletedAt: number | null;
  readonly purgeAt: number | null;
}

/** What the world may see of a row, and nothing else. `testId` is null when the test side was not made yet. */
export const toWorkspace = (row: WorkspaceRow, testId: string | null): Workspace => ({
  id: row.id,
  name: row.name,
  slug: row.slug,
  environment: row.testOf === null ? "live" : "test",
  liveId: row.testOf ?? row.id,
  testId: row.testOf === null ? testId : row.id,
  isPersonal: row.personalOf !== null,
  timeZone: row.timeZone,
  locale: row.locale,
  brand: {
    name: row.brand.name ?? null,
    logoUrl: row.brand.logoUrl ?? null,
    website: row.brand.website ?? null,
    color: row.brand.color ?? null,
  },
  linkDefaults: {
    redirectStatus: row.linkDefaults.redirectStatus ?? null,
    forwardQuery: row.linkDefaults.forwardQuery ?? null,
  },
  defaultDomainId: row.defaultDomainId,
  createdAt: isoOf(row.createdAt),
  updatedAt: isoOf(row.updatedAt),
  deletedAt: isoOrNull(row.deletedAt),
  purgeAt: isoOrNull(row.purgeAt),
});
