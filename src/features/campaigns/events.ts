import { defineEvent, defineUpdate } from "../../platform/events.ts";
import { CampaignCore } from "./model.ts";

export const campaignCreated = defineEvent("campaign.created", CampaignCore);
export const campaignUpdated = defineUpdate("campaign.updated", CampaignCore);
export const campaignDeleted = defineEvent("campaign.deleted", CampaignCore);
