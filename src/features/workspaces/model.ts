import { Type as t } from "@sinclair/typebox";
import { isoOf, nullable, strict, Time } from "../../platform/schema.ts";

export const WorkspaceName = t.String({
  minLength: 1,
  maxLength: 100,
  pattern: "\\S",
  description: "a name",
  examples: ["Acme"],
});

export const WorkspacePatch = strict({
  name: t.Optional(WorkspaceName),
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

export const Workspace = t.Object(
  {
    id: t.String({ examples: ["ws_01jd0000000000000000000000"] }),
    name: t.String(),
    defaultDomainId: nullable(t.String()),
    createdAt: Time,
    updatedAt: Time,
  },
  { $id: "Workspace" },
);
export type Workspace = typeof Workspace.static;

interface WorkspaceRow {
  readonly id: string;
  readonly name: string;
  readonly defaultDomainId: string | null;
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** What the world may see of a row, and nothing else. */
export const toWorkspace = ({
  id,
  name,
  defaultDomainId,
  createdAt,
  updatedAt,
}: WorkspaceRow): Workspace => ({
  id,
  name,
  defaultDomainId,
  createdAt: isoOf(createdAt),
  updatedAt: isoOf(updatedAt),
});
