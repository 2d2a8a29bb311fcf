import type { Kit } from "../kit.ts";
import { domainTables } from "./domains.ts";
import { eventTables } from "./events.ts";
import { identityTables } from "./identity.ts";
import { installationTables } from "./installation.ts";
import { jobTables } from "./jobs.ts";
import { keyTables } from "./keys.ts";
import { linkTables } from "./links.ts";
import { mailTables } from "./mail.ts";
import { organiseTables } from "./organise.ts";
import { qrTables } from "./qr.ts";
import { ruleTables } from "./rules.ts";
import { transferTables } from "./transfer.ts";
import { workspaceTables } from "./workspaces.ts";

/** Every table of the product, written once and built for either dialect. */
export const defineTables = (kit: Kit) => ({
  ...installationTables(kit),
  ...eventTables(kit),
  ...jobTables(kit),
  ...identityTables(kit),
  ...workspaceTables(kit),
  ...keyTables(kit),
  ...domainTables(kit),
  ...organiseTables(kit),
  ...linkTables(kit),
  ...ruleTables(kit),
  ...mailTables(kit),
  ...qrTables(kit),
  ...transferTables(kit),
});

export type Tables = ReturnType<typeof defineTables>;
