import { AppError } from "../../lib/errors.ts";
import type { Id } from "../../lib/ids.ts";
import { randomText, sameText } from "../../lib/secrets.ts";
import { originOf } from "../../lib/url.ts";
import type { Context } from "../../platform/context.ts";
import { type Change, change } from "../../platform/events.ts";
import { roles } from "../../platform/permissions.ts";
import { addDomain } from "../domains/domains.ts";
import { addUser, hashChosen } from "../identity/create-user.ts";
import { markSetUp } from "../installation/installation.ts";
import { addKey } from "../keys/create.ts";
import type { KeyWithSecret } from "../keys/model.ts";
import { addWorkspace } from "../workspaces/add.ts";
import { installationSetUp } from "./events.ts";
import type { SetupInput, SetupResult } from "./model.ts";

/** A code for the operator's terminal: 10 characters of 31, without look-alikes. */
export const newSetupCode = (): string => {
  const text = randomText(10, "23456789ABCDEFGHJKMNPQRSTUVWXYZ");
  return `${text.slice(0, 5)}-${text.slice(5)}`;
};

/**
 * The first run: the account of the operator, its workspace, the installation's own host as a domain, and an owner's
 * key. `code` is the one printed at the start; null when setup is over.
 * @throws AppError CONFLICT when the installation was set up before, FORBIDDEN for a wrong code
 */
export async function setUp(
  ctx: Context,
  input: SetupInput,
  code: string | null,
  baseUrl: string,
): Promise<SetupResult> {
  if (code === null) throw setUpAlready();
  if (!sameText(plain(input.code), plain(code)))
    throw new AppError("FORBIDDEN", "The setup code is wrong. The server prints it when it starts.");
  const passwordHash = await hashChosen(ctx, input.password, input);
  return change(ctx, async (tx) => {
    await begin(tx, ctx, baseUrl);
    const user = await addUser(tx, ctx, { email: input.email, operator: true }, passwordHash);
    const workspace = await addWorkspace(tx, ctx, {
      name: input.workspaceName,
      ownerId: user.id as Id<"usr">,
    });
    const key = await ownerKey(tx, ctx, workspace.id as Id<"ws">, { giverId: user.id as Id<"usr"> });
    return { user, workspace, key };
  });
}

/** The first run without a browser: a workspace and an owner's key with a value the operator chose. */
export const setUpWithKey = (ctx: Context, secret: string, baseUrl: string): Promise<KeyWithSecret> =>
  change(ctx, async (tx) => {
    await begin(tx, ctx, baseUrl);
    const workspace = await addWorkspace(tx, ctx, { name: "Main", ownerId: null });
    return ownerKey(tx, ctx, workspace.id as Id<"ws">, { secret });
  });

async function begin(tx: Change, ctx: Context, baseUrl: string): Promise<void> {
  if (!(await markSetUp(tx, ctx.db, baseUrl))) throw setUpAlready();
  await addDomain(tx, ctx, { host: hostOfBase(baseUrl), workspaceId: null });
  tx.record(installationSetUp, "installation", { baseUrl }, null);
}

const ownerKey = (
  tx: Change,
  ctx: Context,
  workspaceId: Id<"ws">,
  { giverId, secret }: { readonly giverId?: Id<"usr">; readonly secret?: string },
): Promise<KeyWithSecret> =>
  addKey(tx, ctx, {
    name: "First key",
    permissions: roles.owner,
    workspaceId,
    ...(giverId && { createdBy: giverId, makerId: giverId, confirmedBy: giverId }),
    ...(secret !== undefined && { secret }),
  });

/** The host of an origin as domains are stored. */
export const hostOfBase = (baseUrl: string): string => originOf(baseUrl).host;

const plain = (code: string): string => code.replace(/[\s-]/g, "").toUpperCase();

const setUpAlready = () => new AppError("CONFLICT", "This installation has been set up already.");
