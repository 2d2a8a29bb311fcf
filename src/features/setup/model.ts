import { Type as t } from "@sinclair/typebox";
import { strict } from "../../platform/schema.ts";
import { Email, Password, User } from "../identity/model.ts";
import { KeyWithSecret } from "../keys/model.ts";
import { Workspace, WorkspaceName } from "../workspaces/model.ts";

export const SetupInput = strict({
  code: t.String({
    minLength: 1,
    maxLength: 64,
    description: "The one-time code the server printed when it started.",
  }),
  email: Email,
  password: Password,
  workspaceName: WorkspaceName,
});
export type SetupInput = typeof SetupInput.static;

export const SetupState = t.Object({ needed: t.Boolean() });

export const SetupResult = t.Object({ user: User, workspace: Workspace, key: KeyWithSecret });
export type SetupResult = typeof SetupResult.static;
