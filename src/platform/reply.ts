import type { Context } from "./context.ts";
import { success } from "./envelope.ts";
import { listed, type Page, type PageRequest, type PagingQuery, pageRequest } from "./paging.ts";

/** A success with status 200. */
export const ok = <T>(ctx: Context, message: string, data: T) => success(stampOf(ctx), 200, message, data);

/**
 * A page of a list. `scope` names everything the order of the list hangs on (sort and filters); a cursor of one
 * scope or workspace is refused by any other.
 */
export async function page<T>(
  ctx: Context,
  message: string,
  query: PagingQuery,
  scope: string,
  list: (request: PageRequest) => Promise<Page<T>>,
) {
  const sealed = `${ctx.actor.workspaceId}\n${scope}`;
  const request = pageRequest(query, ctx.cursors, sealed);
  const found = await list(request);
  return listed(stampOf(ctx), message, found, request, (place) => ctx.cursors.write(place, sealed));
}

const stampOf = ({ at, origin }: Context) => ({ at, requestId: origin.requestId ?? "" });
