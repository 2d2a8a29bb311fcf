import { Type as t } from "@sinclair/typebox";
import { defineEvent, defineUpdate } from "../../platform/events.ts";
import { Domain, DomainFiles } from "./model.ts";

export const domainCreated = defineEvent("domain.created", Domain);
export const domainUpdated = defineUpdate("domain.updated", Domain);
export const domainDeleted = defineEvent("domain.deleted", Domain);
export const domainArchived = defineUpdate("domain.archived", Domain);
export const domainUnarchived = defineUpdate("domain.unarchived", Domain);
/** Somebody asked how it stands, and it stands as before. */
export const domainChecked = defineUpdate("domain.checked", Domain);
export const domainVerified = defineUpdate("domain.verified", Domain);
/** Its records lead elsewhere now. */
export const domainLost = defineUpdate("domain.lost", Domain);
export const domainFilesUpdated = defineUpdate("domain.files_updated", DomainFiles);
/** Told in both workspaces. */
export const domainTransferred = defineEvent(
  "domain.transferred",
  t.Object({
    ...Domain.properties,
    fromWorkspaceId: t.String(),
    toWorkspaceId: t.String(),
    links: t.Integer(),
  }),
);
/** The host went to those who have shown that it is theirs. */
export const domainReleased = defineUpdate("domain.released", Domain);
