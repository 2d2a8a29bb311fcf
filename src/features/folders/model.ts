import { Type as t } from "@sinclair/typebox";
import type { Database } from "../../db/database.ts";
import { isoOf, nameText, nullable, oneOf, plainName, strict, Time } from "../../platform/schema.ts";

const Access = oneOf(
  ["write", "read", "none"],
  "What members may do with the links in it: change them, look at them, or know nothing of them.",
);
const MEMBERS_MAX = 200;
const settings = {
  parentId: t.Optional(nullable(t.String({ maxLength: 64, description: "The folder it stands in." }))),
  access: t.Optional(nullable(Access)),
  members: t.Optional(
    t.Array(strict({ userId: t.String({ maxLength: 64 }), access: Access }), {
      maxItems: MEMBERS_MAX,
      description: "Members who may do something else here than the rest; the whole list.",
    }),
  ),
};

export const NewFolder = strict({ name: nameText(100, { examples: ["Spring"] }), ...settings });
export type NewFolder = typeof NewFolder.static;
export const FolderPatch = strict({ name: t.Optional(nameText(100)), ...settings });
export type FolderPatch = typeof FolderPatch.static;

const core = {
  id: t.String({ examples: ["fold_01jd0000000000000000000000"] }),
  parentId: nullable(t.String()),
  name: t.String(),
  access: nullable(Access),
  members: t.Array(t.Object({ userId: t.String(), access: Access }), {
    description: "Told to those who may change the workspace.",
  }),
  createdBy: t.String(),
  createdAt: Time,
  updatedAt: Time,
};
/** A folder without its numbers: what events tell. */
export const FolderCore = t.Object(core, { $id: "FolderCore" });
export type FolderCore = typeof FolderCore.static;
export const Folder = t.Object(
  {
    ...core,
    mayChange: t.Boolean({ description: "Whether whoever asks may change what is in it." }),
    links: t.Integer({ description: "Links that stand in it, those in the trash left out." }),
  },
  { $id: "Folder" },
);
export type Folder = typeof Folder.static;

export type FolderRow = Database["tables"]["folders"]["$inferSelect"];
export type Named = FolderCore["members"];

/** What the world may see of a row, and nothing else. */
export const toFolderCore = (row: FolderRow, members: Named): FolderCore => ({
  id: row.id,
  parentId: row.parentId,
  name: row.name,
  access: row.access,
  members: members.map(({ userId, access }) => ({ userId, access })),
  createdBy: row.createdBy,
  createdAt: isoOf(row.createdAt),
  updatedAt: isoOf(row.updatedAt),
});

export function folderNamed(text: string): { readonly name: string; readonly nameKey: string } {
  const name = plainName(text);
  return { name, nameKey: name.toLowerCase() };
}
