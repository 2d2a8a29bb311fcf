import { and, eq, sql } from "drizzle-orm";
import { LRUCache } from "lru-cache";
import type { Id } from "../../lib/ids.ts";
import type { Memberships } from "../../platform/callers.ts";
import type { Person, Ports } from "../../platform/context.ts";
import type { Event } from "../../platform/events.ts";
import { isPermission, type Permission, roles } from "../../platform/permissions.ts";

export interface OpenMemberships extends Memberships {
  /** Forgets what a committed event has changed. */
  heard(event: Event): void;
}

/** Another process may take rights away: what is remembered is asked for again well within a second. */
const REMEMBER_MS = 500;

/** What an owner still may do while their deleted workspace can be restored. */
const restorable: ReadonlySet<Permission> = new Set(["workspace:read", "workspace:delete"]);

type Known = { readonly permissions: ReadonlySet<Permission> | null };

/** Knows who may do what where. Remembered for half a second, and forgotten at once when it changes here. */
export function openMemberships({
  db,
  monotonic = performance,
}: Pick<Ports, "db"> & { readonly monotonic?: { now(): number } | undefined }): OpenMemberships {
  const options = { max: 10_000, ttl: REMEMBER_MS, ttlResolution: 0, perf: monotonic };
  const known = new LRUCache<string, Known>(options);
  const open = new LRUCache<string, { readonly isOpen: boolean }>(options);
  /** Counts changes: a lookup begun before one must not bring back what it has ended. */
  let generation = 0;

  /** The age of an answer is counted from the question: what changed in between is missing in it. */
  async function remembered<V extends object>(
    cache: LRUCache<string, V>,
    key: string,
    find: () => Promise<V>,
  ): Promise<V> {
    const kept = cache.get(key);
    if (kept) return kept;
    const [began, start] = [generation, monotonic.now()];
    const found = await find();
    if (began === generation) cache.set(key, found, { start });
    return found;
  }

  return {
    async permissionsOf({ userId }: Person, workspaceId) {
      const key = `${userId} ${workspaceId}`;
      return (await remembered(known, key, () => find(db, userId, workspaceId))).permissions;
    },
    async isOpen(workspaceId) {
      const { workspaces } = db.tables;
      const found = await remembered(open, workspaceId, async () => {
        const [row] = await db.read
          .select({ deletedAt: workspaces.deletedAt })
          .from(workspaces)
          .where(eq(workspaces.id, workspaceId))
          .limit(1);
        return { isOpen: row !== undefined && row.deletedAt === null };
      });
      return found.isOpen;
    },
    heard({ type }) {
      if (!/^(workspace|member|role|user)\./.test(type)) return;
      generation++;
      known.clear();
      open.clear();
    },
  };
}

async function find(db: Ports["db"], userId: Id<"usr">, workspaceId: Id<"ws">): Promise<Known> {
  const { workspaces, members, roles: own } = db.tables;
  const live = sql`coalesce(${workspaces.testOf}, ${workspaces.id})`;
  const [row] = await db.read
    .select({ role: members.role, granted: own.permissions, deletedAt: workspaces.deletedAt })
    .from(workspaces)
    .innerJoin(members, and(eq(members.workspaceId, live), eq(members.userId, userId)))
    .leftJoin(own, and(eq(own.id, sql`${members.role}`), eq(own.workspaceId, members.workspaceId)))
    .where(eq(workspaces.id, workspaceId))
    .limit(1);
  if (!row) return { permissions: null };
  if (row.deletedAt !== null) return { permissions: row.role === "owner" ? restorable : null };
  return { permissions: permissionsOfRole(row.role, row.granted) };
}

/** What a person may do in a workspace that the call does not name, at this moment; null when they are not in it. */
export async function permissionsIn(
  db: Ports["db"],
  { userId, scopes }: Person,
  workspaceId: Id<"ws">,
): Promise<ReadonlySet<Permission> | null> {
  const { permissions } = await find(db, userId, workspaceId);
  return permissions === null || scopes === null ? permissions : permissions.intersection(scopes);
}

/** What a role grants; `own` is what the workspace says of a role of its own. A role that is gone grants nothing. */
export function permissionsOfRole(role: string, own: readonly string[] | null): ReadonlySet<Permission> {
  if (Object.hasOwn(roles, role)) return new Set<Permission>(roles[role as keyof typeof roles]);
  return new Set((own ?? []).filter(isPermission));
}
