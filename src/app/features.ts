import { analyticsRoutes } from "../features/analytics/routes.ts";
import { enqueueErasure, eraseAuditJob } from "../features/audit/erase.ts";
import { auditRoutes } from "../features/audit/routes.ts";
import { sealAuditJob } from "../features/audit/seal.ts";
import { campaignRoutes } from "../features/campaigns/routes.ts";
import { verifyDomainsJob } from "../features/domains/jobs.ts";
import { purgeDomains } from "../features/domains/purge.ts";
import { domainRoutes } from "../features/domains/routes.ts";
import { extensionRoutes } from "../features/extensions/routes.ts";
import { folderRoutes } from "../features/folders/routes.ts";
import type { AccountEnds } from "../features/identity/account-ends.ts";
import { accountRoutes } from "../features/identity/account-routes.ts";
import { authRoutes } from "../features/identity/auth-routes.ts";
import { writeLetterJob } from "../features/identity/by-letter.ts";
import type { Cookies } from "../features/identity/cookie.ts";
import { credentialRoutes } from "../features/identity/credential-routes.ts";
import { passkeyRoutes } from "../features/identity/passkey-routes.ts";
import { identityRoutes } from "../features/identity/routes.ts";
import { sealedTotpSeeds } from "../features/identity/totp.ts";
import { identityUpkeepJob } from "../features/identity/upkeep.ts";
import { inviteRoutes } from "../features/invites/routes.ts";
import { jobRoutes } from "../features/jobs/routes.ts";
import { keyringRoutes } from "../features/keyring/routes.ts";
import { revokeTokensOf } from "../features/keys/personal-tokens.ts";
import { keyRoutes } from "../features/keys/routes.ts";
import { tokenRoutes } from "../features/keys/token-routes.ts";
import { bulkRoutes } from "../features/links/bulk-routes.ts";
import { commentRoutes } from "../features/links/comment-routes.ts";
import { linkDomainRoutes } from "../features/links/domain-routes.ts";
import { emptyTrashJob } from "../features/links/jobs.ts";
import { lookRoutes } from "../features/links/look-routes.ts";
import { purgeLinks } from "../features/links/purge.ts";
import { linkRoutes } from "../features/links/routes.ts";
import { purgeMails } from "../features/mail/purge.ts";
import { mailRoutes } from "../features/mail/routes.ts";
import { leaveAll } from "../features/members/members.ts";
import { memberRoutes } from "../features/members/routes.ts";
import { qrRoutes } from "../features/qr/routes.ts";
import { referenceRoutes } from "../features/reference/routes.ts";
import { routingRoutes } from "../features/routing/routes.ts";
import type { Stage } from "../features/routing/simulate.ts";
import { finishSplitsJob } from "../features/rules/jobs.ts";
import { purgeRules } from "../features/rules/purge.ts";
import { ruleRoutes } from "../features/rules/routes.ts";
import { splitRoutes } from "../features/rules/split-routes.ts";
import { searchRoutes } from "../features/search/routes.ts";
import type { FirstRunState } from "../features/setup/first-run.ts";
import { setupRoutes } from "../features/setup/routes.ts";
import { settleTagJob, tagUpkeepJob } from "../features/tags/jobs.ts";
import { tagRoutes } from "../features/tags/routes.ts";
import { tierRoutes } from "../features/tiers/routes.ts";
import { exportRoutes } from "../features/transfer/export-routes.ts";
import { runImportJob, undoImportJob } from "../features/transfer/import-jobs.ts";
import { importRoutes } from "../features/transfer/import-routes.ts";
import { makeExportJob, sweepExportsJob } from "../features/transfer/jobs.ts";
import { utmRoutes } from "../features/utm/routes.ts";
import { viewRoutes } from "../features/views/routes.ts";
import { purgeWorkspacesJob } from "../features/workspaces/purge.ts";
import { workspaceRoutes } from "../features/workspaces/routes.ts";
import type { AppInfo } from "../platform/api.ts";
import type { Guard } from "../platform/http.ts";
import { cleanUpJob } from "../platform/jobs/clean.ts";
import { sealedMailBodies } from "../platform/mail/body.ts";
import { sendMailJob } from "../platform/mail/send.ts";
import { mailUpkeepJob } from "../platform/mail/upkeep.ts";
import { resealJob } from "../platform/resealing.ts";
import { VERSION } from "../version.ts";

const accountEnds: AccountEnds = {
  revokeTokens: revokeTokensOf,
  leaveWorkspaces: leaveAll,
  forget: (tx, ctx, subject) => void enqueueErasure(tx, ctx, { subject }),
};

/** Every route of the API. */
export const featureRoutes = (
  guard: Guard,
  app: AppInfo,
  {
    firstRun,
    cookies,
    stage,
  }: { readonly firstRun: FirstRunState; readonly cookies: Cookies; readonly stage: Stage },
) => [
  setupRoutes(guard, firstRun),
  authRoutes(guard, cookies),
  credentialRoutes(guard, cookies, accountEnds),
  passkeyRoutes(guard, cookies),
  accountRoutes(guard, accountEnds),
  identityRoutes(guard),
  workspaceRoutes(guard),
  tierRoutes(guard),
  memberRoutes(guard),
  inviteRoutes(guard),
  extensionRoutes(guard),
  keyRoutes(guard),
  tokenRoutes(guard),
  jobRoutes(guard),
  keyringRoutes(guard),
  auditRoutes(guard),
  domainRoutes(guard),
  tagRoutes(guard),
  folderRoutes(guard),
  utmRoutes(guard),
  campaignRoutes(guard),
  mailRoutes(guard),
  bulkRoutes(guard),
  lookRoutes(guard),
  linkRoutes(guard),
  viewRoutes(guard),
  searchRoutes(guard),
  commentRoutes(guard),
  linkDomainRoutes(guard),
  ruleRoutes(guard),
  splitRoutes(guard),
  routingRoutes(guard, stage),
  qrRoutes(guard),
  exportRoutes(guard),
  importRoutes(guard),
  analyticsRoutes(guard),
  referenceRoutes(guard, app, VERSION),
];

/** All work that outlives its request. What refers to something is purged before it. */
export const jobTypes = [
  cleanUpJob,
  writeLetterJob,
  identityUpkeepJob,
  emptyTrashJob,
  verifyDomainsJob,
  finishSplitsJob,
  settleTagJob,
  tagUpkeepJob,
  sendMailJob,
  mailUpkeepJob,
  purgeWorkspacesJob([purgeLinks, purgeRules, purgeDomains, purgeMails]),
  makeExportJob,
  runImportJob,
  undoImportJob,
  sweepExportsJob,
  resealJob,
  sealAuditJob,
  eraseAuditJob,
];

/** Columns that hold secrets: sealed anew when the key ring rotates. */
export const sealedColumns = [sealedMailBodies, sealedTotpSeeds];
