import type { Context } from "../../platform/context.ts";

/**
 * A link of a letter. It leads to the installation's own address, whatever host the request named, and carries its
 * secret behind the `#`: browsers send that to no server, in no Referer.
 */
export const linkTo = (
  ctx: Pick<Context, "baseUrl">,
  what: "verify" | "reset" | "email",
  token: string,
): string => `${ctx.baseUrl() ?? ""}/admin#${what}=${token}`;
