import type { Context } from "../../platform/context.ts";
import type { Permission } from "../../platform/permissions.ts";
import { searchCampaigns } from "../campaigns/campaigns.ts";
import { listDomains } from "../domains/find.ts";
import type { Domain } from "../domains/model.ts";
import { rankedLinks } from "../links/ranked.ts";
import { searchMembers } from "../members/search.ts";
import { searchTags } from "../tags/search.ts";
import type { Found } from "./model.ts";

/** Everything of the workspace that the caller may see and that has to do with a text, some of each kind. */
export async function search(ctx: Context, text: string, limit: number): Promise<Found> {
  const may = <T>(permission: Permission, find: () => Promise<T[]>): Promise<T[]> =>
    ctx.actor.permissions.has(permission) ? find() : Promise.resolve([]);
  const plain = text.trim();
  if (plain === "") return { links: [], domains: [], tags: [], campaigns: [], members: [] };
  const [links, domains, tags, campaigns, members] = await Promise.all([
    may("links:read", () => rankedLinks(ctx, plain, limit)),
    may("domains:read", () => domainsNamed(ctx, plain, limit)),
    may("tags:read", () => searchTags(ctx, plain, limit)),
    may("campaigns:read", () => searchCampaigns(ctx, plain, limit)),
    may("members:read", () => searchMembers(ctx, plain, limit)),
  ]);
  return { links, domains, tags, campaigns, members };
}

/** More than anybody has. */
const DOMAINS_MAX = 1000;

async function domainsNamed(ctx: Context, text: string, limit: number): Promise<Domain[]> {
  const { items } = await listDomains(ctx, { page: 1, limit: DOMAINS_MAX, offset: 0, after: null });
  const wanted = text.toLowerCase();
  return items.filter(({ host }) => host.includes(wanted)).slice(0, limit);
}
